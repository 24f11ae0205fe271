"""The table of an HTTP monitor's settings, and the readers of those that are more than a text or a number."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from monitors.assertions.model import Source
from monitors.assertions.setting import asserting
from monitors.probes.http_config import DEFAULT_STATUS, HttpConfig, StatusRanges
from monitors.probes.http_rules import (
    FRAMING,
    check_together,
    read_certificate,
    read_header_lines,
    read_key,
    read_method,
    read_proxy,
    read_token_url,
)
from monitors.probes.securing import read_ca
from monitors.probes.settings import Settings, choose, number, pairs, secret, section, switch, text
from pulse.fields import FieldError
from pulse.net.handle_options import HTTP3
from pulse.net.urls import parse_url

SOURCES = (
    Source.STATUS, Source.RESPONSE_TIME, Source.HEADER, Source.BODY, Source.SIZE, Source.CERTIFICATE_DAYS,
    Source.ISSUER, Source.IP, Source.CONNECTED,
)  # fmt: skip
_STATUS_PART = re.compile(r"([1-5][0-9]{2})(?:\s*-\s*([1-5][0-9]{2}))?")


def parse_status(value: Any) -> StatusRanges:
    """The ranges in "200-299,304"; raises FieldError."""
    ranges: list[tuple[int, int]] = []
    for part in value.split(",") if isinstance(value, str) and len(value) <= 200 else [""]:
        match = _STATUS_PART.fullmatch(part.strip())
        low, high = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if low > high:
            raise FieldError("Use status codes and ranges from 100 to 599 as text, like 200-299,304.")
        ranges.append((low, high))
    return tuple(ranges)


def format_status(ranges: StatusRanges) -> str:
    """The text that `parse_status` reads: "200-299,304"."""
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in ranges)


_VERSIONS = [
    ("auto", "HTTP/2 if the server offers it, else HTTP/1.1"),
    ("1.1", "HTTP/1.1"),
    ("2", "HTTP/2 only"),
]
if HTTP3:  # a build of libcurl without it must not promise it
    _VERSIONS.append(("3", "HTTP/3 only"))

SETTINGS = Settings(
    HttpConfig,
    section(
        "Request",
        text(
            "method", "Method", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, or one of your own.",
            default="GET", longest=20, read=read_method,
        ),
        pairs(
            "headers", "Headers", "“Name: value”, one on each line; shown to everyone who may see the monitor.",
            refused=FRAMING,
        ),
        secret("secret_headers", "Secret headers", "“Name: value” lines with keys and tokens.",
               longest=8000, long=True, read=read_header_lines),
        text("user_agent", "User agent", "In place of Pulse's own, which names a page about these checks."),
        choose("body_type", "Body", [
            ("none", "None"), ("json", "JSON"), ("form", "Form, as in a=1&b=2"), ("xml", "XML"), ("text", "Text"),
        ]),
        text("body", "Content of the body", longest=64_000, long=True),
        switch("cache_busting", "Go round caches", "Adds a parameter to the URL that is new for each check."),
    ),
    section(
        "Redirects",
        switch("follow_redirects", "Follow redirects", default=True),
        number("max_redirects", "Redirects at most", "", 0, 20, "redirects", default=5),
        switch("keep_cookies", "Keep cookies", "Along the redirects of one check, never until the next."),
    ),
    section(
        "Sign-in",
        choose("auth", "Sign-in", [
            ("none", "None"), ("basic", "User name and password (Basic)"), ("bearer", "Bearer token"),
            ("oauth2", "OAuth 2.0 client credentials"),
        ]),
        text("username", "User name"),
        secret("password", "Password"),
        secret("bearer_token", "Bearer token", longest=8000),
        replace(
            text("token_url", "Token URL", "Where an access token is fetched.", longest=2048, read=read_token_url),
            leads_to=lambda url: parse_url(url) if url else None,
        ),
        text("client_id", "Client id"),
        secret("client_secret", "Client secret"),
        text("scope", "Scope", "Separated by spaces; may stay empty.", longest=1000),
    ),
    section(
        "Connection",
        choose("ip_version", "IP version", [("any", "Any"), ("4", "IPv4 only"), ("6", "IPv6 only")]),
        choose("http_version", "HTTP version", _VERSIONS),
        switch("keep_connection", "Keep the connection", "Until the next check; then no connect time is measured."),
        replace(
            text("proxy", "HTTP proxy", "Host and port, as in proxy.example.com:3128.", read=read_proxy),
            default=None,
            write=lambda proxy: str(proxy) if proxy else "",
            leads_to=lambda proxy: proxy,
        ),
        text("proxy_username", "User name at the proxy"),
        secret("proxy_password", "Password at the proxy"),
    ),
    section(
        "Encryption",
        switch("verify_tls", "Verify the certificate", "Off accepts any certificate, so anyone's.", default=True),
        text(
            "ca", "Trusted authority", "Certificates in PEM, trusted in place of the public authorities.",
            longest=20_000, long=True, read=read_ca,
        ),
        text(
            "client_certificate", "Client certificate", "In PEM, with its chain, for servers that ask for one.",
            longest=20_000, long=True, read=read_certificate,
        ),
        secret("client_key", "Key of the client certificate", "In PEM, without a password.",
               longest=20_000, long=True, read=read_key),
    ),
    section(
        "What a good answer is",
        replace(
            text("expected_status", "Expected status",
                 "Codes and ranges, like 200-299,304. An assertion on [STATUS] takes its place.", read=parse_status),
            default=DEFAULT_STATUS,
            write=format_status,
        ),
        number(
            "response_time_limit_ms", "Response-time limit", "Milliseconds; a slower answer counts as failed.",
            1, 300_000, "milliseconds", default=None,
        ),
        number(
            "max_body_kib", "Read of the body at most", "KiB, unpacked; no more than that is looked at.",
            1, 10_240, "KiB", default=1024,
        ),
        asserting(*SOURCES),
    ),
    together=check_together,
)  # fmt: skip
