"""Prove that a contact method is the person's own: a code goes there, and comes back through the page."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from notifications import events
from notifications.contacts.models import ContactMethod
from notifications.contacts.sending import NotPossible, send
from notifications.transports.base import Answer
from tenants.models import User

LIFETIME = timedelta(minutes=10)
TRIES = 5
AGAIN_AFTER = timedelta(minutes=1)
# Codes that one person can have sent in an hour, wherever they go: each may cost money, and annoy a stranger.
CODES_AN_HOUR = 6
HOUR_SECONDS = 3600


def send_code(method: ContactMethod, now: datetime) -> Answer:
    """Make a new code, keep its hash, and send it; what was sent before no longer counts. Raises NotPossible."""
    code = f"{secrets.randbelow(10**6):06d}"
    with transaction.atomic():
        method = (
            ContactMethod.objects.select_for_update(of=("self",)).select_related("user").get(pk=method.pk)
        )
        _check(method, now)
        method.code_hash, method.code_sent_at, method.code_tries = _hash(method, code), now, 0
        method.save(update_fields=["code_hash", "code_sent_at", "code_tries"])
    data = {"code": code, "person": str(method.user), "minutes": LIFETIME // timedelta(minutes=1)}
    return send(method, events.CODE, data, now)


def prove(method: ContactMethod, code: str, now: datetime) -> None:
    """Take the code. Raises NotPossible; a wrong one counts, whoever asks at the same time."""
    with transaction.atomic():
        method = ContactMethod.objects.select_for_update().get(pk=method.pk)
        if method.verified_at:
            return
        if not method.code_sent_at or not method.code_hash or now - method.code_sent_at > LIFETIME:
            raise NotPossible("The code is no longer good: have a new one sent.")
        if method.code_tries >= TRIES:
            raise NotPossible("That were too many tries: have a new code sent.")
        method.code_tries += 1
        is_right = constant_time_compare(method.code_hash, _hash(method, "".join(code.split())))
        if is_right:
            method.verified_at, method.code_hash = now, ""
            method.broken_at, method.broken_reason = None, ""
        method.save()
    if not is_right:
        left = TRIES - method.code_tries
        raise NotPossible(f"That is not the code. {left} {'try is' if left == 1 else 'tries are'} left.")


def _check(method: ContactMethod, now: datetime) -> None:
    if method.verified_at:
        raise NotPossible("It is proven already.")
    if method.code_sent_at and now - method.code_sent_at < AGAIN_AFTER:
        raise NotPossible("A code was sent a moment ago: wait a minute before the next.")
    if _counted(method.user) > CODES_AN_HOUR:
        raise NotPossible(f"{CODES_AN_HOUR} codes were sent in an hour: wait before the next.")


def _counted(user: User) -> int:
    """Counts this one too. While Redis is away each process counts for itself."""
    key = f"contact-codes:{user.pk}"
    cache.add(key, 0, HOUR_SECONDS)
    try:
        return int(cache.incr(key))
    except ValueError:  # it ended just now
        return 1


def _hash(method: ContactMethod, code: str) -> str:
    """Keyed by SECRET_KEY: a bare hash of six digits is no secret to who can read the table."""
    return salted_hmac(f"contact {method.pk}", code, algorithm="sha256").hexdigest()
