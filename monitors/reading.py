"""Read how monitors stand: stored state below pause, maintenance and snooze; and the public ids of results."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.utils import timezone

from monitors.facts import Suppression
from monitors.heartbeats import reading as heartbeats
from monitors.models import Monitor
from monitors.probes.outcome import ErrorClass
from monitors.remembering import unpacked
from monitors.suppression import reading as suppression
from monitors.suppression.deciding import Held
from monitors.telemetry.models import TOGETHER, LiveState, Status
from monitors.telemetry.scheduling import location_code
from pulse import scoping

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# A worker that restarts is no outage of the measuring; more than this and the bar shows it.
OVERDUE_AFTER = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Place:
    """How a monitor that several locations watch stands at one of them."""

    location: int
    name: str
    word: str
    since: datetime
    detail: str
    total_us: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a monitor stands now. `word` is what people read: a stored status, or `paused` over it.

    `expires_at` is when the certificate or the domain ends, as long as the last check was good: what ends may have been
    renewed since. `tells_expiry`: `detail` says it already. `issuer_changed`: the last check at some location saw a
    certificate of another issuer than was accepted.
    """

    word: str
    since: datetime | None = None
    checked_at: datetime | None = None
    last_good_at: datetime | None = None
    next_due_at: datetime | None = None
    total_us: int | None = None
    detail: str = ""
    failures: int = 0
    successes: int = 0
    unknowns: int = 0
    slot: datetime | None = None
    lease_until: datetime | None = None
    softs: int = 0
    places: tuple[Place, ...] = ()
    expected_at: datetime | None = None
    maintenance: Suppression | None = None
    held: Held | None = None
    expires_at: datetime | None = None
    tells_expiry: bool = False
    issuer_changed: bool = False

    @property
    def state(self) -> str:
        """What its checks say; while it is paused, nothing."""
        return "pending" if self.word == "paused" else self.word

    def late_since(self, now: datetime) -> datetime | None:
        """From when on a report is missing that may still come in time; None while there is none."""
        if self.word == "paused" or self.expected_at is None or self.next_due_at is None:
            return None
        return self.expected_at if self.expected_at < now < self.next_due_at else None

    def word_at(self, now: datetime) -> str:
        """What people read: maintenance lies over whatever is stored, and `late` until the deadline."""
        if self.maintenance and self.word != "paused":
            return "maintenance"
        return "late" if self.word != "down" and self.late_since(now) else self.word

    def overdue_since(self, now: datetime) -> datetime | None:
        """From when on nobody has measured, although a check was due; None while checks come in time."""
        if self.next_due_at is None:
            return None
        if self.lease_until is not None:
            return self.slot if self.lease_until + OVERDUE_AFTER < now else None
        return self.next_due_at if self.next_due_at + OVERDUE_AFTER < now else None


def standings(monitors: Sequence[Monitor]) -> dict[int, Standing]:
    """By monitor number, in three queries, and one more for heartbeats."""
    tenant = scoping.current()
    states = LiveState.objects.filter(
        tenant_no=tenant.no, monitor_no__in=[monitor.no for monitor in monitors]
    )
    rows: defaultdict[int, list[LiveState]] = defaultdict(list)
    for state in states.order_by("location"):
        rows[state.monitor_no].append(state)
    found = {monitor.no: standing(monitor, rows[monitor.no]) for monitor in monitors}
    beating = [monitor.no for monitor in monitors if monitor.kind == "heartbeat"]
    for number, known in heartbeats.expectations(beating).items():
        found[number] = replace(found[number], expected_at=known.expected_at, checked_at=known.last_ping_at)
    return _overlaid(found)


def _overlaid(found: dict[int, Standing]) -> dict[int, Standing]:
    """With the maintenance that covers them, and what holds their outages back."""
    maintenance, held = suppression.covering(found, timezone.now()), suppression.held(found)
    return {
        no: replace(one, maintenance=maintenance.get(no), held=held.get(no))
        if no in maintenance or no in held
        else one
        for no, one in found.items()
    }


def standing(monitor: Monitor, rows: Sequence[LiveState]) -> Standing:
    """Of the rows of all its locations: the status is its head's, the rest that of whom checked it last."""
    head = next((row for row in rows if row.is_head), None)
    if head is None:
        return Standing("pending" if monitor.enabled else "paused")
    probed = [row for row in rows if row.location != TOGETHER]
    if head in probed:
        return _standing(monitor, head)
    newest = max(probed, key=lambda row: row.last_checked_at or EPOCH, default=head)
    places = tuple(_place(row) for row in probed)
    return replace(
        _standing(monitor, newest),
        word=Status(head.status).label if monitor.enabled else "paused",
        since=head.status_since,
        detail=head.last_detail or newest.last_detail,
        places=places,
        expires_at=min((at for row in probed if (at := _expires_at(monitor, row))), default=None),
        issuer_changed=any(row.last_error == ErrorClass.ISSUER_CHANGED for row in probed),
    )


def _place(row: LiveState) -> Place:
    return Place(
        location=row.location,
        name=location_code(row.location),
        word=Status(row.status).label,
        since=row.status_since,
        detail=row.last_detail,
        total_us=row.last_total_us,
    )


def _standing(monitor: Monitor, state: LiveState) -> Standing:
    return Standing(
        word=Status(state.status).label if monitor.enabled else "paused",
        since=state.status_since,
        checked_at=state.last_checked_at,
        last_good_at=state.last_good_slot,
        next_due_at=state.next_due_at,
        total_us=state.last_total_us,
        detail=state.last_detail,
        failures=state.failures,
        successes=state.successes,
        unknowns=unpacked(state.memory)[0],
        softs=state.softs,
        slot=state.slot,
        lease_until=state.lease_until,
        expires_at=_expires_at(monitor, state),
        tells_expiry=state.last_error == ErrorClass.EXPIRES_SOON,
        issuer_changed=state.last_error == ErrorClass.ISSUER_CHANGED,
    )


def _expires_at(monitor: Monitor, state: LiveState) -> datetime | None:
    return state.expires_at if state.last_ok and monitor.enabled else None


def result_id(slot: datetime, monitor_id: UUID, location: int) -> UUID:
    """A UUIDv7 (RFC 9562, 5.7) that costs no storage: the slot's milliseconds, then a hash of monitor and place."""
    milliseconds = (slot - EPOCH) // timedelta(milliseconds=1)
    digest = hashlib.blake2b(monitor_id.bytes + location.to_bytes(2, "big"), digest_size=10).digest()
    number = milliseconds << 80 | int.from_bytes(digest, "big")
    number = number & ~(0xF << 76) | 0x7 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=number)


def slot_of(identity: UUID) -> datetime:
    """The slot of a result's id, to the millisecond."""
    return EPOCH + timedelta(milliseconds=identity.int >> 80)
