"""A mail server that knows one person, on TLS, STARTTLS or neither."""

from __future__ import annotations

import ssl
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from tests.ports import free_port

PASSWORD = "correct hörse"


class SmtpPeer(Controller):
    """Use `start` and `stop`; `target` is where it is."""

    def __init__(
        self,
        *,
        starttls: ssl.SSLContext | None = None,
        tls: ssl.SSLContext | None = None,
        only: str = "",
        **more: Any,
    ) -> None:
        super().__init__(object(), hostname="127.0.0.1", port=free_port(), ssl_context=tls)
        excluded = [name for name in ("PLAIN", "LOGIN") if only and name != only]
        self._options = {
            "tls_context": starttls,
            "authenticator": self._authenticate,
            "auth_exclude_mechanism": excluded,
            "auth_require_tls": False,
            **more,
        }

    def factory(self) -> SMTP:
        return SMTP(self.handler, ident="Pulse test", hostname="mail.test", **self._options)

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"

    @staticmethod
    def _authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        known = (data.login, data.password) == (b"reader", PASSWORD.encode())
        return AuthResult(success=known, handled=False)
