"""Structured logs: lines for people at home, JSON in production, secrets in neither."""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

import structlog

SECRET_WORDS = ("password", "secret", "token", "authorization", "cookie", "api_key", "session")
# Keys and signing secrets, passwords in addresses of servers, and paths and addresses of mail that are a way in, here
# or to a chat.
SECRET_SHAPES = re.compile(
    r"(ppk_live_|whsec_|Bearer\s+|/sign-in/|/reset/key/|/confirm-email/|(?i:/ping/|/ping-email/)"
    r"|/t/[ar]/|/on-call/|xox[a-z]-|/services/|/api/webhooks/|/bot(?=\d))"
    r"[A-Za-z0-9+/=._:-]{6,}"
    r"|(://[^/\s:@]*:)[^/\s@]+(?=@)"
    r"|\b[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?=[@+])"
)
HIDDEN = "[hidden]"


def configure(*, json: bool, level: str = "INFO") -> None:
    """One pipeline for our own events and for the libraries' `logging` records."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    logging.captureWarnings(capture=True)
    root.setLevel(level)
    for noisy in (
        "celery.redirected",
        "kombu",
        "amqp",
        "urllib3",
        "celery.worker.strategy",
        "celery.app.trace",
        "celery.beat",
        "mail.log",  # of aiosmtpd: each line that a sender says, addresses of heartbeats among them
    ):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def hide_secrets(logger: object, method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Blank values whose name or shape says that they are secret, nested ones too."""
    return {key: _clean(key, value) for key, value in event.items()}


def _clean(key: str, value: Any) -> Any:
    if any(word in key.lower() for word in SECRET_WORDS):
        return HIDDEN
    if isinstance(value, str):
        return SECRET_SHAPES.sub(lambda match: f"{match[1] or match[2] or ''}{HIDDEN}", value)
    if isinstance(value, dict):
        return {inner: _clean(str(inner), item) for inner, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(key, item) for item in value]
    if value is None or isinstance(value, int | float):
        return value
    return _clean(key, value.decode("latin-1") if isinstance(value, bytes) else str(value))


def bind(**values: object) -> None:
    """Add to every line of this request or task."""
    structlog.contextvars.bind_contextvars(**values)


def clear() -> None:
    structlog.contextvars.clear_contextvars()
