"""What people do to their own contact methods and quiet hours."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from notifications import sealing
from notifications.contacts import opening
from notifications.contacts.models import ContactMethod, Quiet
from notifications.contacts.reaching import with_accounts
from notifications.masking import masked
from notifications.transports import TRANSPORTS
from pulse.crypto import SealError
from pulse.fields import ConfigError
from pulse.ids import uuid7
from tenants.models import User

METHODS_AT_MOST = 10
DELAY_AT_MOST_S = 24 * 3600


def kinds() -> dict[str, str]:
    """What a person can be told by, with its title."""
    return {kind: transport.title for kind, transport in TRANSPORTS.items() if transport.personal}


def methods(user: User) -> list[ContactMethod]:
    return with_accounts([user])


def add(user: User, kind: str, label: str, config: dict[str, Any], after_seconds: int) -> ContactMethod:
    """A method that nothing but its code goes to until it is proven. Raises ConfigError."""
    found = sealing.read(TRANSPORTS[kind], config)
    method = ContactMethod(id=uuid7(), user=user, kind=kind, after_seconds=after_seconds)
    opening.keep(method, found)
    method.label = label or masked(opening.recipient(method))[:120]
    with transaction.atomic():
        # Held, so that two at once cannot go over the limit together.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        _check(method, list(ContactMethod.objects.filter(user=user)))
        method.save(force_insert=True)
    return method


def delay(method: ContactMethod, after_seconds: int) -> None:
    """Use it so long after the first message, unless somebody acted."""
    ContactMethod.objects.filter(pk=method.pk).update(after_seconds=after_seconds)


def remove(method: ContactMethod) -> bool:
    """All but the account's own address, which is what is left when nothing else is."""
    return bool(ContactMethod.objects.filter(pk=method.pk, is_account=False).delete()[0])


def keep_quiet(user: User, values: dict[str, Any], zone: str) -> None:
    """Who has chosen no time zone gets that of the page: no browser is asked at night."""
    if not user.time_zone:
        user.time_zone = zone
        user.save(update_fields=["time_zone"])
    Quiet.objects.update_or_create(user=user, defaults=values)


def _is_same(one: ContactMethod, other: ContactMethod) -> bool:
    """With their secrets: two browsers differ by nothing else."""
    try:
        return opening.stored(one) == opening.stored(other)
    except SealError:
        return False


def _check(method: ContactMethod, known: list[ContactMethod]) -> None:
    if len(known) >= METHODS_AT_MOST:
        raise ConfigError([("", f"Remove one first: you have {METHODS_AT_MOST} already.")])
    if any(one.kind == method.kind and _is_same(one, method) for one in known):
        raise ConfigError([("/to", "You have this one already.")])
