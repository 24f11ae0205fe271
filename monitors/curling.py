"""Write an HTTP monitor's request as a curl command, to be tried in a terminal."""

from __future__ import annotations

import shlex
from typing import Any

from monitors.models import Monitor
from monitors.probes import PROBES
from monitors.probes.http_config import CONTENT_TYPES
from monitors.secrets import KEPT
from pulse.fields import FieldError

VERSIONS = {"1.1": "--http1.1", "2": "--http2", "3": "--http3-only"}
TOKENS = {"bearer": "BEARER_TOKEN", "oauth2": "ACCESS_TOKEN"}


def command(monitor: Monitor) -> str:
    """The command, "" for other kinds and for what this version could not ask for.

    Secrets stand as $NAME, for the shell to fill in; certificates are files.
    """
    if monitor.kind != "http" or not _is_readable(monitor.config):
        return ""
    # Not read by the kind's reader: that asks for the secrets, which are not at hand.
    written = {setting.name: setting.write(setting.default) for setting in PROBES["http"].settings.all}
    config = written | monitor.config
    hidden = {name for name, value in monitor.config.items() if value == KEPT}
    parts = ["curl", "--include", "--compressed", "--max-time", str(monitor.timeout_seconds)]
    parts += [*_request(config), *_connection(config), *_signing_in(config, hidden), *_certificates(config)]
    return " ".join([*parts, *_address(monitor.target)])


def _is_readable(config: dict[str, Any]) -> bool:
    """Each setting by itself, of those that make the request: another version may have saved it."""
    try:
        for setting in PROBES["http"].settings.all:
            if setting.name in config and setting.name != "assertions" and config[setting.name] != KEPT:
                setting.read(config[setting.name])
    except FieldError:
        return False
    return True


def _request(config: dict[str, Any]) -> list[str]:
    has_body = config["body_type"] != "none"
    parts = ["--head"] if config["method"] == "HEAD" else []
    if config["method"] not in ("GET", "HEAD") or has_body:  # with a body, curl's own choice is POST
        parts += ["--request", shlex.quote(config["method"])]
    names = {name.lower() for name in config["headers"]}
    for name, value in config["headers"].items():
        # A header without a value ends in a semicolon: after a colon curl would leave it away.
        parts += ["--header", shlex.quote(f"{name}: {value}" if value else f"{name};")]
    if has_body:
        if "content-type" not in names:
            content_type = CONTENT_TYPES.get(config["body_type"], "application/octet-stream")
            parts += ["--header", shlex.quote(f"Content-Type: {content_type}")]
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
    if config["proxy"] and config["proxy_username"]:
        parts += ["--proxy-user", f'{shlex.quote(config["proxy_username"])}:"$PROXY_PASSWORD"']
    return parts


def _signing_in(config: dict[str, Any], hidden: set[str]) -> list[str]:
    parts = []
    if config["auth"] == "basic":
        parts += ["--user", f'{shlex.quote(config["username"])}:"$PASSWORD"']
    elif config["auth"] in TOKENS:
        parts += ["--header", f'"Authorization: Bearer ${TOKENS[config["auth"]]}"']
    if "secret_headers" in hidden:
        parts += ["--header", '"$SECRET_HEADERS"']
    return parts


def _certificates(config: dict[str, Any]) -> list[str]:
    """As files, which whoever tries it writes from what the form shows: a shell takes no PEM as an argument."""
    parts = ["--cacert", "authority.pem"] if config["ca"] else []
    if config["client_certificate"]:
        parts += ["--cert", "client.pem", "--key", "client-key.pem"]
    return parts


def _address(target: str) -> list[str]:
    """Brackets are a pattern to curl, unless it is told that they are none; braces stand escaped in a target."""
    return ["--globoff", shlex.quote(target)] if "[" in target else [shlex.quote(target)]
