"""Read the checks of a Pingdom account with a token, which is kept nowhere (API 3.1, https://docs.pingdom.com/api/)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from time import monotonic, time
from typing import Any

import uvloop
from django.conf import settings

from monitors.definition import target_policy
from monitors.pingdom.translating import can_be_made
from monitors.probes.outcome import ErrorClass
from monitors.probes.sources.refusals import check_status
from monitors.probes.sources.shape import Answer, SourceError, objects, odd
from pulse import VERSION
from pulse.fields import FieldError
from pulse.net.fetch import Outbound
from pulse.net.fetching import fetched
from pulse.net.request import Request, Wire

BASE = "https://api.pingdom.com"
TIMEOUT_S = 25.0
AT_ONCE = 8
CHECKS_AT_MOST = 500
MAX_ANSWER = 4 << 20


def read_token(value: Any) -> str:
    """A token as Pingdom writes them; raises FieldError."""
    token = value.strip() if isinstance(value, str) else ""
    if not 10 <= len(token) <= 200 or not token.isascii() or not token.isprintable() or " " in token:
        raise FieldError("Enter an API token of Pingdom with read access: Settings, Pingdom API.")
    return token


def checks(token: str, tenant: int) -> list[dict[str, Any]]:
    """All that Pingdom tells of each check; one that could not be read in time is as in the list.

    Raises SourceError with a sentence for people.
    """
    loop = uvloop.new_event_loop()
    out = Outbound(loop, target_policy(), settings.PULSE_NAMESERVERS or None)
    try:
        return loop.run_until_complete(_Reading(out, token, tenant).all())
    finally:
        out.close()
        loop.close()


class _Reading:
    """One account, read under one deadline."""

    def __init__(self, out: Outbound, token: str, tenant: int) -> None:
        self._out = out
        self._tenant = tenant
        self._until = monotonic() + TIMEOUT_S
        self._wire = Wire(
            headers=(("Accept", "application/json"),),
            private_headers=(("Authorization", f"Bearer {token}"),),
            max_body=MAX_ANSWER,
            keep_body=MAX_ANSWER,
        )
        self._room = asyncio.Semaphore(AT_ONCE)

    async def all(self) -> list[dict[str, Any]]:
        listed = objects(await self._get("/api/3.1/checks?include_tags=true", "checks"), "it has no checks")
        return list(await asyncio.gather(*(self._detailed(check) for check in listed[:CHECKS_AT_MOST])))

    async def _detailed(self, check: dict[str, Any]) -> dict[str, Any]:
        kind, number = str(check.get("type")), check.get("id")
        if not can_be_made(kind) or not isinstance(number, int):
            return check
        async with self._room:
            try:
                found = await self._get(f"/api/3.1/checks/{number}", "check")
            except SourceError as error:
                return {**check, "type": "", "unread": str(error)}
        return {**check, **found} if isinstance(found, dict) else {**check, "type": ""}

    async def _get(self, path: str, member: str) -> Any:
        left_s = self._until - monotonic()
        if left_s <= 0:
            raise SourceError(ErrorClass.SOURCE_UNREACHABLE, f"Pingdom did not answer within {TIMEOUT_S:g} s")
        agent = f"Pulse/{VERSION} (+{settings.PULSE_BASE_URL}/about-checks)"
        request = Request(f"{BASE}{path}", "GET", left_s, None, self._tenant, self._wire, agent)
        exchange = await fetched(self._out, request)
        if exchange.failure is not None:
            raise SourceError(ErrorClass.SOURCE_UNREACHABLE, f"Pingdom was not reached: {exchange.detail}")
        if exchange.body_cut:
            raise odd(f"longer than {MAX_ANSWER >> 20} MiB")
        headers = {name.lower(): value for name, value in exchange.headers}
        answer = Answer(exchange.status or 0, headers, exchange.body)
        check_status(answer, datetime.fromtimestamp(time(), UTC))
        document = answer.json()
        if answer.status != 200 or not isinstance(document, dict) or member not in document:
            raise odd(f"HTTP {answer.status}")
        return document[member]


def read_ids(value: Any) -> Sequence[int]:
    """Which checks are wanted; raises FieldError."""
    is_list = isinstance(value, list) and all(
        isinstance(one, int) and not isinstance(one, bool) for one in value
    )
    if not is_list:
        raise FieldError("Write the ids of checks as a list of numbers.")
    return list(value)
