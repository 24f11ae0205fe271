"""The socket of an open page: who is a member hears what changed, and nobody else."""

from __future__ import annotations

import asyncio
import time
from importlib import import_module
from typing import Any

from channels.db import database_sync_to_async
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest

from pulse import live
from tenants.middleware import find_membership
from tenants.models import Membership, User

NOT_A_MEMBER = 4404
NOT_A_PING = 4400
PING_AT_MOST = 100
RECHECK_SECONDS = 60
SLOWEST_SEND_S = 10


class LiveConsumer(AsyncJsonWebsocketConsumer):  # type: ignore[misc]
    """`/o/<slug>/live/`. Sends {"version", "topics", "fragments"}; takes nothing but pings.

    A slow reader is disconnected rather than buffered for: it comes back and resyncs.
    """

    groups: list[str] = []
    membership: Membership | None = None

    async def connect(self) -> None:
        self.checked_at = time.monotonic()
        await self._resolve()
        if self.membership is None:
            # A browser tells its page the code of an open socket's end only, not that of a refusal.
            await self.accept()
            await self.close(code=NOT_A_MEMBER)
            return
        self.joined = [
            live.group_of_organisation(self.membership.organisation.id),
            live.group_of_user(self.scope["user"].pk),
        ]
        for group in self.joined:
            await self.channel_layer.group_add(group, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        for group in getattr(self, "joined", []):
            await self.channel_layer.group_discard(group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """A page asks now and then whether the line stands; that is also when its right is asked again."""
        if text_data is None or len(text_data) > PING_AT_MOST:
            await self.close(code=NOT_A_PING)
            return
        if time.monotonic() - self.checked_at > RECHECK_SECONDS:
            await self.live_recheck({})
        await self.send_json({"pong": True})

    async def live_changed(self, event: dict[str, Any]) -> None:
        try:
            async with asyncio.timeout(SLOWEST_SEND_S):
                await self.send(text_data=event["text"])
        except TimeoutError:
            # What else is on its way would pile up behind it; a close frame would wait there too.
            await self.disconnect(NOT_A_MEMBER)
            raise StopConsumer from None

    async def live_recheck(self, event: dict[str, Any]) -> None:
        self.checked_at = time.monotonic()
        before = self.membership
        await self._resolve()
        if self.membership is None:
            await self.close(code=NOT_A_MEMBER)
        elif before and before.role != self.membership.role:
            await self.send_json({"version": 0, "topics": ["*"], "fragments": {}})

    async def _resolve(self) -> None:
        slug, session = self.scope["url_route"]["kwargs"]["slug"], self.scope["session"]
        user = await database_sync_to_async(signed_in)(session.session_key)
        self.membership = user and await database_sync_to_async(find_membership)(slug, user.pk)


def signed_in(session_key: str | None) -> User | None:
    """Whom the session stands for by now: nobody once it ended, or the password changed elsewhere."""
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = get_user(request)
    return user if isinstance(user, User) else None
