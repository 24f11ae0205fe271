"""One-time links that sign a person in, and the end of sessions when a password changes."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from allauth.account import signals
from django.db import transaction
from django.utils import timezone

from pulse import live
from tenants.keys import digest
from tenants.models import SignInLink, User

LIFETIME = timedelta(hours=24)


def make_link(user: User) -> str:
    """A path such as `/sign-in/<token>/`: it works on whatever address reaches this Pulse."""
    retire_links(user)
    token = secrets.token_urlsafe(24)
    SignInLink.objects.create(token_hash=digest(token), user=user, expires_at=timezone.now() + LIFETIME)
    return f"/sign-in/{token}/"


def redeem(token: str) -> User | None:
    """The person, if the link is fresh; from then on it is used up, whoever asks at the same time."""
    with transaction.atomic():
        now = timezone.now()
        link = SignInLink.objects.select_for_update().filter(token_hash=digest(token)).first()
        if link is None or link.used_at or link.expires_at <= now or not link.user.is_active:
            return None
        retire_links(link.user)
        return link.user


def retire_links(user: User) -> None:
    """No link of this person works any more: one was used, a newer one made, or there is more to lose now."""
    SignInLink.objects.filter(user=user, used_at=None).update(used_at=timezone.now())


def watch_passwords() -> None:
    """Django ends the other sessions by itself; their open sockets are told here to look again."""
    for signal in (signals.password_changed, signals.password_set, signals.password_reset):
        signal.connect(_recheck, dispatch_uid="recheck-sockets")


def _recheck(sender: Any, user: User, **_: Any) -> None:
    retire_links(user)
    live.recheck(user.pk)
