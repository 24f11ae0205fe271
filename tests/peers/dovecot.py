"""A Dovecot with one mail in one mailbox, for IMAP and POP3, with and without TLS."""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path

from tests.certificates import Authority
from tests.peers.running import peer_folder, program, running
from tests.ports import free_port

PASSWORD = 'a "quoted" \\ hörse'
_CONFIGURATION = """
protocols = imap pop3
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
mail_location = maildir:{folder}/mail
ssl = yes
ssl_cert = <{pem}
ssl_key = <{pem}
disable_plaintext_auth = no
auth_failure_delay = 0
auth_mechanisms = plain login
default_internal_user = {internal}
default_login_user = {login}
default_internal_group = {group}
first_valid_uid = 1
passdb {{
  driver = passwd-file
  args = scheme=plain username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""


@dataclass(frozen=True)
class DovecotPeer:
    imap: int
    imaps: int
    pop3: int
    pop3s: int

    def at(self, port: int) -> str:
        return f"127.0.0.1:{port}"


@contextmanager
def dovecot(authority: Authority) -> Iterator[DovecotPeer]:
    with peer_folder() as folder:
        authority.server_context("127.0.0.1")  # writes key and certificate into one file
        pem = Path(shutil.copy(authority.ca_file.parent / "127.0.0.110.pem", folder / "server.pem"))
        peer = DovecotPeer(free_port(), free_port(), free_port(), free_port())
        me = getuser()
        is_root = os.geteuid() == 0
        owner = pwd.getpwnam("nobody" if is_root else me)
        (folder / "users").write_text(f"reader:{PASSWORD}\n")
        _deliver(folder / "mail", owner)
        configuration = folder / "dovecot.conf"
        configuration.write_text(
            _CONFIGURATION.format(
                folder=folder, pem=pem, uid=owner.pw_uid, gid=owner.pw_gid, imap=peer.imap, imaps=peer.imaps,
                pop3=peer.pop3, pop3s=peer.pop3s, internal="dovecot" if is_root else me,
                login="dovenull" if is_root else me, group="dovecot" if is_root else "$default_login_user",
            )
        )  # fmt: skip
        with running([program("dovecot"), "-F", "-c", configuration], folder, port=peer.imaps):
            yield peer


def _deliver(mail: Path, owner: pwd.struct_passwd) -> None:
    for part in ("", "cur", "new", "tmp"):
        (mail / part).mkdir(parents=True)
        os.chown(mail / part, owner.pw_uid, owner.pw_gid)
    message = mail / "new" / "1.one.example"
    message.write_text("From: a@example.com\nSubject: hello\n\nHello.\n")
    os.chown(message, owner.pw_uid, owner.pw_gid)
