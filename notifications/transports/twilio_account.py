"""Twilio: whose account pays, its client on our own sockets, and what its errors mean. Texts and calls share it."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from monitors.probes.settings import Section, Settings, section, text
from notifications.transports.asking import Reply, api, ask, retry_after_of, safe
from notifications.transports.base import DeliveryFailed, Message
from notifications.transports.fields import needed, phone, read_phone, token
from pulse.fields import ConfigError, FieldError

API = "https://api.twilio.com"
LOCAL = ("localhost", "127.0.0.1", "::1")
# What Twilio says of who sends, of the number that is sent to, and of somebody who answered STOP.
OF_THE_ACCOUNT = {20003, 20005, 20008, 21212, 21408, 21603, 21606, 21608, 21659, 21660, 21662}
OF_THE_NUMBER = {13223, 13224, 21211, 21214, 21217, 21219, 21265, 21407, 21421, 21612, 21614}
UNSUBSCRIBED = 21610
Result = TypeVar("Result")
_SENDER = re.compile(r"MG[0-9a-f]{32}|[A-Za-z0-9 ]{3,11}")


@dataclass(frozen=True, slots=True)
class Config:
    to: str
    account_sid: str
    auth_token: str
    sender: str

    @property
    def account(self) -> tuple[str, str, str]:
        """Who sends: the channel's own account, or the installation's."""
        if self.account_sid:
            return self.account_sid, self.auth_token, self.sender
        return settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, settings.TWILIO_FROM


def twilio_settings(to: str) -> Settings[Config]:
    return Settings(
        Config, section("Where to", phone("to", "Phone number", to)), _account(), together=_together
    )


def _account() -> Section:
    return section(
        "Own Twilio account",
        text("account_sid", "Account SID", "Empty: the account of this installation.", read=_read_sid),
        token("auth_token", "Auth token"),
        text(
            "sender",
            "From",
            "A number of that account, or the SID of a messaging service.",
            read=_read_sender,
        ),
    )


def _together(config: Config) -> None:
    needed({"to": "Enter the number with + and its country, like +49 30 901820."})(config)
    own = {"account_sid": config.account_sid, "auth_token": config.auth_token, "sender": config.sender}
    if any(own.values()):
        needed(dict.fromkeys(own, "Fill in the whole account, or leave all of it empty."))(config)
    elif not all(config.account):
        raise ConfigError(
            [
                (
                    "/account_sid",
                    "Fill in a Twilio account: whoever runs this Pulse has set none (TWILIO_ACCOUNT_SID).",
                )
            ]
        )


def _read_sid(value: str) -> str:
    if value and not re.fullmatch(r"AC[0-9a-fA-F]{32}", value.strip()):
        raise FieldError("Copy the account SID from Twilio's console: AC and 32 letters and digits.")
    return value.strip()


def _read_sender(value: str) -> str:
    words = value.strip()
    return words if not words or _SENDER.fullmatch(words) else read_phone(words)


class Twilio(HttpClient):  # type: ignore[misc]  # it has no types
    """Twilio's client speaks through this, so it resolves and connects to nothing by itself."""

    def __init__(self, account_sid: str) -> None:
        super().__init__(logging.getLogger(__name__), is_async=False)
        self.account_sid = account_sid
        self.reply: Reply | None = None

    def request(  # noqa: PLR0913, PLR0917  # Twilio's own signature
        self,
        method: str,
        uri: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        base, policy = api("twilio", API, self.account_sid)
        query = f"?{urlencode(params, doseq=True)}" if params else ""
        body = urlencode(data, doseq=True).encode() if data else b""
        self.reply = ask(
            method, uri.replace(API, base, 1) + query, policy, body=body, headers=headers, auth=auth
        )
        return Response(self.reply.status, self.reply.body.decode("utf-8", "replace"), self.reply.headers)


def with_client(config: Config, act: Callable[[Client], Result]) -> tuple[Result, Reply]:
    """What `act` came to; what Twilio refuses is a DeliveryFailed."""
    sid, secret, _ = config.account
    http = Twilio(sid)
    try:
        done = act(Client(sid, secret, http_client=http))
    except TwilioRestException as error:
        raise _refused(error, config, http.reply) from error
    except (TwilioException, ValueError, KeyError, TypeError, AttributeError) as error:
        # It took the request, and what it said of that cannot be read.
        status = http.reply.status if http.reply else None
        said = f"answered {status} with something that is no answer of Twilio"
        raise DeliveryFailed(said, status, unknown=True) from error
    assert http.reply is not None
    return done, http.reply


def _refused(error: TwilioRestException, config: Config, reply: Reply | None) -> DeliveryFailed:
    """By Twilio's code, or else by the status. After a 5xx it may have it: it does not drop repeats, so it is asked."""
    of_account = error.code in OF_THE_ACCOUNT or error.status in (401, 403, 404)
    is_ours = not config.account_sid
    code = f" ({error.code})" if error.code else ""
    return DeliveryFailed(
        f"answered {error.status}{code}: {safe(error.msg, config.account[1:2])}",
        error.status,
        misconfigured=of_account or error.code in OF_THE_NUMBER,
        # The installation's account is mended by its operator, perhaps within the tries.
        permanent=False if of_account and is_ours else (True if error.status == 400 else None),
        gone=error.code == UNSUBSCRIBED,
        unknown=error.status >= 500,
        retry_after=retry_after_of(reply.headers) if reply else None,
        request=reply.request if reply else "",
    )


def callback(message: Message, config: Config) -> str | None:
    """Where Twilio reports to. It refuses a message with an address that it could not reach."""
    is_real = api("twilio", API, config.account[0])[0] == API
    is_near = urlsplit(message.links.receipt).hostname in LOCAL
    return None if not message.links.receipt or (is_real and is_near) else message.links.receipt


def sender_of(config: Config) -> dict[str, Any]:
    sender = config.account[2]
    return {"messaging_service_sid" if sender.startswith("MG") else "from_": sender}
