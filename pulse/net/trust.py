"""Whom a TLS connection trusts: contexts made once and shared, because reading a CA store takes 20 ms."""

import ssl
from functools import lru_cache


@lru_cache(256)
def client_context(
    ca_file: str, *, verify: bool = True, own_ca: str = "", protocols: tuple[str, ...] = ()
) -> ssl.SSLContext:
    """A client's context that trusts `ca_file`, or in its place the PEM certificates in `own_ca`.

    `protocols` are offered by ALPN. Without `verify` any certificate is accepted. Not to be changed by callers.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif own_ca:
        context.load_verify_locations(cadata=own_ca)
    else:
        context.load_verify_locations(cafile=ca_file)
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context
