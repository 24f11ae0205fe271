"""Find how people are reached: their proven ways in their order, their clocks, and their limits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from uuid import UUID

from notifications.contacts.models import ContactMethod, Quiet
from notifications.contacts.quieting import quiet_until
from tenants import zones
from tenants.models import User

ACCOUNT = "E-mail of the account"


@dataclass(frozen=True, slots=True)
class Reach:
    """One way to a person; `config` is as it is stored, without secrets."""

    contact_id: UUID
    kind: str
    label: str
    config: dict[str, Any]
    after_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can be told; `methods` are never none, the first to be used first."""

    user_id: UUID
    name: str
    email: str
    zone: str
    methods: tuple[Reach, ...]
    quiet_starts: time | None = None
    quiet_ends: time | None = None
    except_for: tuple[str, ...] = ()
    hourly_limit: int | None = None

    def quiet_until(self, severity: str, now: datetime) -> datetime | None:
        return quiet_until(self.quiet_starts, self.quiet_ends, self.zone, self.except_for, severity, now)


def reaches(user_ids: Collection[UUID]) -> dict[UUID, Person]:
    """These people, but for those whose account is gone or closed; in a constant number of queries.

    What is not proven, or broken, is left out. The account's own address is made a method of whoever has none yet,
    and used whatever became of it where nothing else is left: better a message that may bounce than none.
    """
    users = User.objects.filter(pk__in=user_ids, is_active=True).in_bulk()
    methods: defaultdict[UUID, list[ContactMethod]] = defaultdict(list)
    for method in with_accounts(list(users.values())):
        methods[method.user_id].append(method)
    quiet = {row.user_id: row for row in Quiet.objects.filter(user__in=users)}
    return {pk: _person(user, methods[pk], quiet.get(pk)) for pk, user in users.items()}


def with_accounts(users: Collection[User]) -> list[ContactMethod]:
    """All methods of these people in their order, each with its user; the account's own is made where it is missing."""
    by_id = {user.pk: user for user in users}
    rows = ContactMethod.objects.filter(user__in=by_id)
    found = list(rows)
    missing = set(by_id) - {method.user_id for method in found if method.is_account}
    if missing:
        # Two who find it missing at once: the second one's insert does nothing, so both read what is there.
        made = [
            ContactMethod(
                user_id=pk, kind="email", label=ACCOUNT, is_account=True, config={"to": by_id[pk].email}
            )
            for pk in sorted(missing)
        ]
        ContactMethod.objects.bulk_create(made, ignore_conflicts=True)
        found = list(rows.all())
    for method in found:
        method.user = by_id[method.user_id]
        _follow_account(method)
    return found


def _follow_account(method: ContactMethod) -> None:
    """What goes out later reads the row alone: so it is kept as the account has it. A query where that changed."""
    wanted = {"to": method.user.email}
    if method.is_account and method.config != wanted:
        method.config = wanted
        ContactMethod.objects.filter(pk=method.pk).update(config=wanted, broken_at=None, broken_reason="")


def _person(user: User, methods: list[ContactMethod], quiet: Quiet | None) -> Person:
    usable = [one for one in methods if (one.is_account or one.verified_at) and not one.broken_at]
    chosen = usable or [one for one in methods if one.is_account]
    return Person(
        user_id=user.pk,
        name=str(user),
        email=user.email,
        zone=user.time_zone if zones.is_zone(user.time_zone) else zones.UTC,
        methods=tuple(Reach(one.pk, one.kind, one.label, one.config, one.after_seconds) for one in chosen),
        quiet_starts=quiet.starts if quiet else None,
        quiet_ends=quiet.ends if quiet else None,
        except_for=tuple(quiet.except_for) if quiet else (),
        hourly_limit=quiet.hourly_limit if quiet else None,
    )
