"""Signature Version 4 of AWS, for requests whose headers and body are known.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from urllib.parse import quote, unquote, urlsplit

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose key, for which region and service."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    region: str
    service: str

    def authorization(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> str:
        """The value of Authorization; `headers` are all that is signed, Host and X-Amz-Date among them."""
        stamp = now.strftime("%Y%m%dT%H%M%SZ")
        scope = f"{stamp[:8]}/{self.region}/{self.service}/aws4_request"
        lower = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
        names = ";".join(sorted(lower))
        parts = urlsplit(url)
        canonical = "\n".join(
            (
                method,
                quote(unquote(parts.path) or "/", safe="/-_.~"),
                _query(parts.query),
                *(f"{name}:{lower[name]}" for name in sorted(lower)),
                "",
                names,
                sha256(body).hexdigest(),
            )
        )
        to_sign = "\n".join((_ALGORITHM, stamp, scope, sha256(canonical.encode()).hexdigest()))
        signature = hmac.new(self._key(stamp[:8]), to_sign.encode(), sha256).hexdigest()
        return f"{_ALGORITHM} Credential={self.access_key_id}/{scope}, SignedHeaders={names}, Signature={signature}"

    def _key(self, day: str) -> bytes:
        key = f"AWS4{self.secret_access_key}".encode()
        for part in (day, self.region, self.service, "aws4_request"):
            key = hmac.new(key, part.encode(), sha256).digest()
        return key


def _query(query: str) -> str:
    pairs = [pair.partition("=")[::2] for pair in query.split("&") if pair]
    encoded = sorted(
        (quote(unquote(name), safe="-_.~"), quote(unquote(value), safe="-_.~")) for name, value in pairs
    )
    return "&".join(f"{name}={value}" for name, value in encoded)
