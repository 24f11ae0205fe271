"""Write an HTTP monitor's request as a curl command, to be tried in a terminal."""

from __future__ import annotations

import shlex
from typing import Any

from monitors.models import Monitor
from monitors.probes import PROBES
from monitors.secrets import KEPT

CONTENT_TYPES = {
    "json": "application/json", "form": "application/x-www-form-urlencoded", "xml": "application/xml",
    "text": "text/plain",
}  # fmt: skip
VERSIONS = {"1.1": "--http1.1", "2": "--http2", "3": "--http3-only"}


def command(monitor: Monitor) -> str:
    """The command on one line, "" for other kinds. Secrets stand as $NAME, for the shell to fill in."""
    if monitor.kind != "http":
        return ""
    settings = PROBES["http"].settings
    plain = {name: value for name, value in monitor.config.items() if value != KEPT}
    config = settings.as_json(settings.load({**plain, **_without_secrets(plain)}))
    hidden = {name for name, value in monitor.config.items() if value == KEPT}
    parts = ["curl", "--include", "--max-time", str(monitor.timeout_seconds), *_request(config)]
    parts += [*_connection(config), *_signing_in(config, hidden), shlex.quote(monitor.target)]
    return " ".join(parts)


def _without_secrets(config: dict[str, Any]) -> dict[str, Any]:
    """What asks for a secret that is not at hand would be refused by the reader."""
    return {"auth": "none"} if "auth" in config else {}


def _request(config: dict[str, Any]) -> list[str]:
    parts = ["--head"] if config["method"] == "HEAD" else []
    if config["method"] not in ("GET", "HEAD"):
        parts += ["--request", shlex.quote(config["method"])]
    names = {name.lower() for name in config["headers"]}
    for name, value in config["headers"].items():
        parts += ["--header", shlex.quote(f"{name}: {value}")]
    if config["body_type"] != "none":
        if "content-type" not in names:
            parts += ["--header", shlex.quote(f"Content-Type: {CONTENT_TYPES[config['body_type']]}")]
        parts += ["--data-raw", shlex.quote(config["body"])]
    if config["user_agent"]:
        parts += ["--user-agent", shlex.quote(config["user_agent"])]
    if config["follow_redirects"]:
        parts += ["--location", "--max-redirs", str(config["max_redirects"])]
    return parts


def _connection(config: dict[str, Any]) -> list[str]:
    parts = [] if config["verify_tls"] else ["--insecure"]
    if config["ip_version"] != "any":
        parts.append(f"--ipv{config['ip_version']}")
    if config["http_version"] in VERSIONS:
        parts.append(VERSIONS[config["http_version"]])
    if config["proxy"]:
        parts += ["--proxy", shlex.quote(f"http://{config['proxy']}")]
    return parts


def _signing_in(config: dict[str, Any], hidden: set[str]) -> list[str]:
    parts = []
    if "password" in hidden:
        parts += ["--user", f'{shlex.quote(config["username"])}:"$PASSWORD"']
    if "bearer_token" in hidden:
        parts += ["--header", '"Authorization: Bearer $BEARER_TOKEN"']
    if "client_secret" in hidden:
        parts += ["--header", '"Authorization: Bearer $ACCESS_TOKEN"']
    if "secret_headers" in hidden:
        parts += ["--header", '"$SECRET_HEADERS"']
    return parts
