"""`make peers` installs servers for the suite and starts none of them, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.receivers import wait_until

ROOT = Path(__file__).resolve().parents[1]
APT = """#!/bin/sh
echo "$*" >>{folder}/asked
case "$*" in *install*) ;; *) exit 0 ;; esac
{policy} mosquitto start; echo $? >{folder}/answer
{then}
"""


def _hang_up() -> None:
    """Under nohup it is ignored, also by whoever is started there."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def peers(folder: Path, policy: Path, then: str) -> subprocess.Popen[bytes]:
    """The recipe as root on a Debian without the package "absent"; apt-get does `then` while it installs."""
    for name, text in {
        "apt-get": APT.format(folder=folder, policy=policy, then=then),
        "id": "#!/bin/sh\necho 0\n",
    }.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return subprocess.Popen(
        ["make", "--no-print-directory", "peers", f"POLICY={policy}", "PEERS=sh:dash no-such-program:absent"],
        cwd=ROOT,
        env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "MAKEFLAGS": ""},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_hang_up,  # noqa: PLW1509  # it does nothing else
    )


@pytest.mark.parametrize(("then", "good"), [("exit 0", True), ("exit 100", False)])
def test_no_service_may_start_and_the_ban_ends_with_the_installation(
    tmp_path: Path, then: str, good: bool
) -> None:
    policy = tmp_path / "policy-rc.d"

    ended = peers(tmp_path, policy, then).wait(20)

    assert (ended == 0) is good
    assert (tmp_path / "answer").read_text() == "101\n"  # "action forbidden by policy"
    assert (tmp_path / "asked").read_text().splitlines()[-1].endswith("--no-install-recommends absent")
    assert not policy.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_ban_ends_when_the_installation_is_interrupted(tmp_path: Path, number: signal.Signals) -> None:
    policy = tmp_path / "policy-rc.d"
    process = peers(tmp_path, policy, "exec sleep 60")
    wait_until((tmp_path / "answer").exists, 20, "apt-get to install")

    os.killpg(process.pid, number)

    assert process.wait(20) != 0
    wait_until(lambda: not policy.exists(), 5, "the recipe's shell to tidy up")


def test_a_policy_of_the_machine_is_left_alone(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 104\n")
    policy.chmod(0o755)

    assert peers(tmp_path, policy, "exit 0").wait(20) == 0
    assert policy.read_text().endswith("exit 104\n")
