"""What to ask for over HTTP: the same for each check of a monitor, except for what names the one check."""

from dataclasses import dataclass, field
from math import inf

from pulse.net.endpoints import Endpoint
from pulse.net.exchange import Watch

MAX_BODY = 1 << 20
# What is kept of a body that nothing is asserted on: enough to show a person what answered.
EXCERPT = 4096
METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
# Names the monitor that a request is made for, where its owner lets in what is known.
MONITOR = "Pulse-Monitor"

# The request headers of a monitor that may go to another origin after a redirect. Everything else that was
# typed in for one server can be a credential there (X-Api-Key), whatever its name.
_HARMLESS = frozenset({"accept", "accept-language", "content-type", "cache-control", "pragma"})

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Wire:
    """How one monitor's requests look on the wire; made once for all its checks.

    `headers` may hold a Host. `private_headers` are credentials. Neither is sent to another origin than the first,
    and the client certificate (PEM texts) is not shown to one. `family` is 4, 6 or 0 for any. `http_version` is
    "auto", "1.1", "2" or "3". `ca_pem` replaces the machine's store. The `proxy` speaks HTTP;
    `proxy_credentials` is "user:password". `cookies` keeps them along the redirects of one check.
    `max_body` bytes are read, decoded ones counted, and `keep_body` of them handed on.
    """

    headers: Headers = ()
    private_headers: Headers = field(default=(), repr=False)
    body: bytes | None = None
    user_agent: str = ""
    family: int = 0
    http_version: str = "auto"
    verify: bool = True
    ca_pem: str = ""
    certificate_pem: str = ""
    key_pem: str = field(default="", repr=False)
    proxy: Endpoint | None = None
    proxy_credentials: str = field(default="", repr=False)
    cookies: bool = False
    keep_connection: bool = False
    max_body: int = MAX_BODY
    keep_body: int = EXCERPT

    @property
    def plain(self) -> bool:
        """Whether a handle needs no options besides those that each check sets anyway."""
        usual = self.verify and self.http_version == "auto"
        stateless = not (self.cookies or self.keep_connection)
        return usual and stateless and not (self.ca_pem or self.certificate_pem or self.proxy)


PLAIN = Wire()


# Nobody changes one. It is not frozen because it is made for each check: that would take four times as long.
@dataclass(slots=True)
class Request:
    """What to ask for. `max_redirects` None: a redirect is the answer; `tenant` shares out look-ups.

    `agent` is the installation's User-Agent, `identity` the monitor's id for the header Pulse-Monitor. `made`: the URL
    was put together for this one request; it may be longer than people's, and is not remembered.
    `connect_s`: what an address has at most for accepting the connection, while others are left to try.
    """

    url: str
    method: str
    timeout_s: float
    max_redirects: int | None
    tenant: int
    wire: Wire = PLAIN
    agent: str = ""
    identity: str = ""
    watch: Watch | None = None
    made: bool = False
    connect_s: float = inf


def header_lines(request: Request, method: str, *, own_origin: bool, with_body: bool) -> list[str]:
    """The lines that libcurl adds to its own, for the origin that they were typed for or for another one."""
    wire = request.wire
    lines = [f"{MONITOR}: {request.identity}"] if request.identity else []
    if own_origin:
        pairs = wire.headers + wire.private_headers
    else:
        pairs = tuple(pair for pair in wire.headers if pair[0].lower() in _HARMLESS)
    body_lost = wire.body is not None and not with_body
    for name, value in pairs:
        if not (body_lost and name.lower() == "content-type"):
            lines.append(f"{name}: {value}" if value else f"{name};")  # libcurl's way to say an empty value
    if with_body:
        lines.append("Expect:")  # no 100-continue: a server that ignores it would cost a second
    elif method in METHODS_WITH_BODY and not any(name.lower() == "content-type" for name, _ in pairs):
        lines.append("Content-Type:")  # libcurl would call the empty body a form
    return lines


def after_redirect(method: str, status: int) -> str:
    """The method of the next request (RFC 9110, 15.4); a changed one is sent without the body."""
    if status == 303 and method != "HEAD":
        return "GET"
    if status in (301, 302) and method == "POST":
        return "GET"
    return method
