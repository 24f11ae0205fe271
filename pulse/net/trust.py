"""Whom a TLS connection trusts: contexts made once and shared, because reading a CA store takes 20 ms."""

import ssl
from functools import lru_cache

# No finite-field Diffie-Hellman: a server chooses its modulus, and with one of 10,000 bits the handshake takes a
# second, in which every other check stands still. What is left is what Python itself offers, and what browsers do.
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:!aNULL:!eNULL:!aDSS:!SHA1:!AESCCM"
# The same for libcurl, which begins with the list of OpenSSL.
CURL_CIPHERS = "DEFAULT:!kDHE"


@lru_cache(256)
def client_context(
    ca_file: str, *, verify: bool = True, own_ca: str = "", protocols: tuple[str, ...] = ()
) -> ssl.SSLContext:
    """A client's context that trusts `ca_file`, or in its place the PEM certificates in `own_ca`.

    Whatever is trusted ends a chain: a root, an authority that another one certified, or a server's own certificate.
    `protocols` are offered by ALPN. Without `verify` any certificate is accepted. Not to be changed by callers.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers(CIPHERS)
    # libcurl does so, too: else what is good for HTTPS would be refused to every other kind, and before Python 3.13
    # its own contexts are of that other opinion.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
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
