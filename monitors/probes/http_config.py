"""What an HTTP monitor asks for and accepts, read; and how its requests look on the wire."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from functools import cached_property

from monitors.assertions.model import Assertion, Source
from monitors.probes.hiding import SHORTEST, bare
from pulse.net.endpoints import Endpoint
from pulse.net.request import EXCERPT, PLAIN, Headers, Wire

StatusRanges = tuple[tuple[int, int], ...]

DEFAULT_STATUS: StatusRanges = ((200, 399),)
CONTENT_TYPES = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "xml": "application/xml",
    "text": "text/plain; charset=utf-8",
}
_FAMILIES = {"any": 0, "4": 4, "6": 6}
_OF_THE_BODY = frozenset({Source.BODY, Source.SIZE})


@dataclass(frozen=True)  # no slots: what is made of it once is kept beside it
class HttpConfig:
    """One monitor's settings; made by `load` only."""

    method: str = "GET"
    headers: Headers = ()
    secret_headers: str = field(default="", repr=False)
    user_agent: str = ""
    body_type: str = "none"
    body: str = ""
    cache_busting: bool = False
    follow_redirects: bool = True
    max_redirects: int = 5
    keep_cookies: bool = False
    auth: str = "none"
    username: str = ""
    password: str = field(default="", repr=False)
    bearer_token: str = field(default="", repr=False)
    token_url: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    scope: str = ""
    ip_version: str = "any"
    http_version: str = "auto"
    keep_connection: bool = False
    proxy: Endpoint | None = None
    proxy_username: str = ""
    proxy_password: str = field(default="", repr=False)
    verify_tls: bool = True
    ca: str = ""
    client_certificate: str = ""
    client_key: str = field(default="", repr=False)
    expected_status: StatusRanges = DEFAULT_STATUS
    response_time_limit_ms: int | None = None
    max_body_kib: int = 1024
    assertions: tuple[Assertion, ...] = ()

    @cached_property
    def sources(self) -> frozenset[Source]:
        return frozenset(assertion.source for assertion in self.assertions)

    @property
    def looks_into_body(self) -> bool:
        return not self.sources.isdisjoint(_OF_THE_BODY)

    @cached_property
    def status_matters(self) -> bool:
        """An assertion about the status takes the place of the range that nobody chose."""
        return Source.STATUS not in self.sources or self.expected_status != DEFAULT_STATUS

    @cached_property
    def wire(self) -> Wire:
        body = self.body.encode() if self.body_type != "none" else None
        wire = Wire(
            headers=self._headers(),
            private_headers=self._private_headers(),
            body=body,
            user_agent=self.user_agent,
            family=_FAMILIES[self.ip_version],
            http_version=self.http_version,
            verify=self.verify_tls,
            ca_pem=self.ca,
            certificate_pem=self.client_certificate,
            key_pem=self.client_key,
            proxy=self.proxy,
            proxy_credentials=f"{self.proxy_username}:{self.proxy_password}" if self.proxy_username else "",
            cookies=self.keep_cookies,
            keep_connection=self.keep_connection,
            max_body=self.max_body_kib << 10,
            keep_body=self.max_body_kib << 10 if Source.BODY in self.sources else EXCERPT,
        )
        return PLAIN if wire == PLAIN else wire

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        """Every text that must not be shown, in each form in which an answer could echo it; the longest first."""
        values = {value for _, value in header_pairs(self.secret_headers)}
        values |= {bare(value) for _, value in self._private_headers()}
        values |= {self.password, self.bearer_token, self.client_secret, self.proxy_password}
        return tuple(sorted((value for value in values if len(value) >= SHORTEST), key=len, reverse=True))

    def _headers(self) -> Headers:
        typed = {name.lower() for name, _ in self.headers}
        if self.body_type != "none" and "content-type" not in typed:
            return (*self.headers, ("Content-Type", CONTENT_TYPES[self.body_type]))
        return self.headers

    def _private_headers(self) -> Headers:
        pairs = header_pairs(self.secret_headers)
        if self.auth == "basic":
            credentials = b64encode(f"{self.username}:{self.password}".encode()).decode()
            return (*pairs, ("Authorization", f"Basic {credentials}"))
        if self.auth == "bearer":
            return (*pairs, ("Authorization", f"Bearer {self.bearer_token}"))
        return pairs


def header_pairs(text: str) -> Headers:
    """The pairs in lines of "Name: value"."""
    split = (line.partition(":") for line in text.splitlines() if line.strip())
    return tuple((name.strip(), value.strip()) for name, _, value in split)
