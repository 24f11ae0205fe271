"""Which certificates of those that a server sent are relied on: how long they are good is how long it is."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import lru_cache

from cryptography.x509 import Certificate

from pulse.net.certificates import read
from pulse.net.trust import client_context


def relied_on(sent: Sequence[Certificate], authorities: frozenset[bytes]) -> list[Certificate]:
    """Those of `sent`, the server's own first, that lead to one of the `authorities`, which is not among them.

    As OpenSSL does, an authority is looked for first among the trusted ones: servers also send roots and
    cross-signed certificates that ended long ago and harm nobody. Empty for an empty chain.
    """
    others: dict[bytes, Certificate] = {}
    for one in sent[1:]:
        if subject := _subject(one):
            others.setdefault(subject, one)
    found: list[Certificate] = []
    after, subject = next(iter(sent), None), b""
    while after is not None:
        issuer = _issuer(after)
        if issuer and issuer == subject:  # a root, though not one of ours
            break
        found.append(after)
        # Each is taken once: the chain of a stranger may lead in a circle.
        after, subject = None if issuer in authorities else others.pop(issuer, None), issuer
    return found


@lru_cache(256)
def authorities(ca_file: str, own_ca: str = "") -> frozenset[bytes]:
    """The names of those that `ca_file`, or in its place the PEM certificates in `own_ca`, makes trusted."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # serial numbers that were wrong twenty years ago
        trusted = client_context(ca_file, own_ca=own_ca).get_ca_certs(binary_form=True)
        found = (one for der in trusted if (one := read(der)))
        return frozenset(name for one in found if (name := _subject(one)))


def _subject(certificate: Certificate) -> bytes:
    """Nothing for a name that cannot be read, as old authorities have them: whoever sends it relies on it in vain."""
    try:
        return certificate.subject.public_bytes()
    except Exception:
        return b""


def _issuer(certificate: Certificate) -> bytes:
    try:
        return certificate.issuer.public_bytes()
    except Exception:
        return b""
