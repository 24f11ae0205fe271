"""An OpenSSH server with a host key of a chosen type; nobody can sign in."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers.running import peer_folder, program, running
from tests.ports import free_port


@dataclass(frozen=True)
class OpensshPeer:
    target: str
    fingerprint: str


@contextmanager
def openssh(kind: str, *options: str, bits: int = 0) -> Iterator[OpensshPeer]:
    """`kind` as ssh-keygen names it: ed25519, ecdsa, rsa; `options` are lines of sshd_config."""
    with peer_folder() as folder:
        key, port = folder / "host_key", free_port()
        size = ["-b", str(bits)] if bits else []
        subprocess.run([program("ssh-keygen"), "-q", "-t", kind, *size, "-N", "", "-f", key], check=True)
        shown = subprocess.run(
            [program("ssh-keygen"), "-l", "-f", key], check=True, capture_output=True, text=True
        ).stdout
        configuration = folder / "sshd_config"
        configuration.write_text(
            f"Port {port}\nListenAddress 127.0.0.1\nHostKey {key}\nPidFile none\nUsePAM no\nStrictModes no\n"
            "PasswordAuthentication no\nAuthenticationMethods publickey\nMaxStartups 100\n"
            + "\n".join(options)
            + "\n"
        )
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(
                mode=0o755, exist_ok=True
            )  # where sshd locks its helpers up, made by its service
        with running([program("sshd"), "-D", "-e", "-f", configuration], folder, port=port):
            yield OpensshPeer(f"127.0.0.1:{port}", shown.split()[1])
