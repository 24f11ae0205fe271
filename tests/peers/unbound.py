"""An Unbound that knows one signed zone and one unsigned, on UDP, TCP, TLS and HTTPS."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dns.dnssec
import dns.rdatatype
import dns.zone
from cryptography.hazmat.primitives.asymmetric import ec

from tests.certificates import Authority
from tests.peers.running import peer_folder, program, running, server_user
from tests.ports import free_port

ZONE = """
$TTL 60
@ SOA ns.{origin} admin.{origin} 1 3600 600 86400 60
@ NS ns.{origin}
@ MX 10 mail.{origin}
@ MX 20 other.{origin}
@ TXT "v=spf1 -all" "; more"
@ CAA 0 issue "letsencrypt.org"
ns A 192.0.2.53
www CNAME web.{origin}
web A 192.0.2.7
web A 192.0.2.8
web AAAA 2001:db8::7
_sip._tcp SRV 10 5 5060 sip.{origin}
long TXT {long}
key TXT {key}
"""
# As long as one for DKIM of 4,096 bits.
KEY = f"v=DKIM1; k=rsa; p={'A' * 734}"
_CONFIGURATION = """
server:
  interface: 127.0.0.1@{plain}
  interface: 127.0.0.1@{tls}
  interface: 127.0.0.1@{https}
  tls-port: {tls}
  https-port: {https}
  tls-service-pem: "{pem}"
  tls-service-key: "{pem}"
  username: ""
  chroot: ""
  pidfile: ""
  directory: "{folder}"
  use-syslog: no
  do-not-query-localhost: no
  module-config: "validator iterator"
  local-zone: "test." nodefault
  trust-anchor: "{anchor}"
  local-data-ptr: "192.0.2.7 web.plain.test"
auth-zone:
  name: "signed.test."
  zonefile: "signed.zone"
  for-downstream: no
auth-zone:
  name: "plain.test."
  zonefile: "plain.zone"
  for-downstream: no
remote-control:
  control-enable: no
"""


@dataclass(frozen=True)
class UnboundPeer:
    plain: int
    tls: int
    https: int

    def at(self, transport: str) -> str:
        ports = {"udp": self.plain, "tcp": self.plain, "tls": self.tls, "https": self.https}
        return f"127.0.0.1:{ports[transport]}"


@contextmanager
def unbound(authority: Authority) -> Iterator[UnboundPeer]:
    with peer_folder() as folder:
        peer = UnboundPeer(free_port(), free_port(), free_port())
        pem = folder / "server.pem"
        pem.write_bytes(_pem(authority))
        (folder / "plain.zone").write_text(_zone("plain.test."))
        anchor = _sign(folder / "signed.zone")
        configuration = folder / "unbound.conf"
        configuration.write_text(
            _CONFIGURATION.format(
                plain=peer.plain, tls=peer.tls, https=peer.https, pem=pem, folder=folder, anchor=anchor
            )
        )
        argv: list[str | Path] = [program("unbound"), "-d", "-c", configuration]
        with running(argv, folder, port=peer.https, user=server_user("unbound")):
            yield peer


def _zone(origin: str) -> str:
    long = " ".join(f'"{n:0250d}"' for n in range(8))
    key = " ".join(f'"{KEY[at : at + 250]}"' for at in range(0, len(KEY), 250))
    return f"$ORIGIN {origin}" + ZONE.format(origin=origin, long=long, key=key)


def _sign(path: Path) -> str:
    """Writes the signed zone; returns its key as a trust anchor."""
    zone = dns.zone.from_text(_zone("signed.test."), origin="signed.test.")
    private = ec.generate_private_key(ec.SECP256R1())
    key = dns.dnssec.make_dnskey(private.public_key(), "ECDSAP256SHA256", flags=257)
    with zone.writer() as transaction:
        dns.dnssec.sign_zone(
            zone, transaction, keys=[(private, key)], lifetime=86_400, inception=int(time.time()) - 3600,
            dnskey_ttl=60,
        )  # fmt: skip
    zone.to_file(str(path), relativize=False)
    return f"signed.test. DNSKEY {key.to_text()}"


def _pem(authority: Authority) -> bytes:
    authority.server_context("127.0.0.1", days_left=60)
    return (authority.ca_file.parent / "127.0.0.160.pem").read_bytes()
