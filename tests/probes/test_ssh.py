"""The SSH check against a real OpenSSH."""

from collections.abc import Iterator

import pytest

from monitors.probes import PROBES
from monitors.probes.outcome import ErrorClass
from pulse.fields import ConfigError
from tests.peers.openssh import OpensshPeer, openssh
from tests.probes.asking import Asking, facts, notes


@pytest.fixture(scope="module")
def asking() -> Iterator[Asking]:
    with Asking() as engine:
        yield engine


@pytest.fixture(scope="module")
def server() -> Iterator[OpensshPeer]:
    with openssh("ed25519") as peer:
        yield peer


def test_banner_and_host_key_are_found(asking: Asking, server: OpensshPeer) -> None:
    outcome = asking.ask("ssh", server.target, {"expect": "OpenSSH"})

    assert outcome.ok, outcome.detail
    assert facts(outcome)["answer"].startswith("SSH-2.0-OpenSSH_")
    assert notes(outcome)["host_key"] == {"type": "ssh-ed25519", "fingerprint": server.fingerprint}
    assert server.fingerprint in outcome.detail


@pytest.mark.parametrize(
    ("kind", "bits", "options", "shown"),
    [
        ("ecdsa", 256, ("KexAlgorithms ecdh-sha2-nistp256",), "ecdsa-sha2-nistp256"),
        ("ecdsa", 521, ("KexAlgorithms ecdh-sha2-nistp521",), "ecdsa-sha2-nistp521"),
        ("rsa", 2048, ("KexAlgorithms ecdh-sha2-nistp384", "HostKeyAlgorithms rsa-sha2-256"), "ssh-rsa"),
    ],
)
def test_each_type_of_key_is_proved(
    asking: Asking, kind: str, bits: int, options: tuple[str, ...], shown: str
) -> None:
    with openssh(kind, *options, bits=bits) as server:
        outcome = asking.ask("ssh", server.target, {"fingerprint": server.fingerprint})

    assert outcome.ok, outcome.detail
    assert notes(outcome)["host_key"] == {"type": shown, "fingerprint": server.fingerprint}


def test_many_exchanges_in_a_row_agree_on_their_secret(asking: Asking, server: OpensshPeer) -> None:
    """A secret whose first bit is set, or whose first byte is zero, is written in another way."""
    outcomes = [asking.ask("ssh", server.target) for _ in range(30)]

    assert all(outcome.ok for outcome in outcomes)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            {"fingerprint": "SHA256:" + "A" * 43},
            "the host key is another one than expected: ssh-ed25519 SHA256:",
        ),
        ({"expect": "dropbear"}, "the banner is not as expected: SSH-2.0-OpenSSH_"),
    ],
)
def test_other_server_than_expected_is_a_failure(
    asking: Asking, server: OpensshPeer, settings: dict[str, object], words: str
) -> None:
    outcome = asking.ask("ssh", server.target, settings)

    assert outcome.error is ErrorClass.UNEXPECTED_ANSWER
    assert outcome.detail.startswith(words)


def test_server_with_old_exchanges_only_is_told_of(asking: Asking) -> None:
    with openssh("ed25519", "KexAlgorithms diffie-hellman-group14-sha256") as server:
        outcome = asking.ask("ssh", server.target)
        banner = asking.ask("ssh", server.target, {"host_key": False})

    assert outcome.error is ErrorClass.BAD_RESPONSE
    assert outcome.detail.startswith(
        "no key exchange in common; the server offers diffie-hellman-group14-sha256"
    )
    assert banner.ok


def test_fingerprint_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="as `ssh-keygen -l` shows it"):
        PROBES["ssh"].load({"fingerprint": "MD5:00:11"})
