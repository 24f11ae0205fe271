"""Keep a heartbeat's own row and addresses in step with its monitor: made, edited, paused, deleted, rotated."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.text import slugify

from monitors.heartbeats import specs
from monitors.heartbeats.advancing import Beat, due_at, rescheduled
from monitors.models import Monitor
from monitors.telemetry import heartbeats
from pulse.crypto import Place, SealError, seal, unseal
from pulse.live import publish
from tenants import keys
from tenants.actors import Actor
from tenants.audit import record
from tenants.models import Handle, Organisation

HANDLE = "ping"


def begin(monitor: Monitor, organisation: Organisation) -> None:
    """After the schedule of a heartbeat was written: its row, its addresses, and its deadline.

    A new one waits for its first ping, and so does one that was paused. A changed schedule holds from now on.
    """
    slug = slug_of(monitor)
    held = heartbeats.lock([monitor.no], wait=True).get(monitor.no)
    if held is None:
        _make(monitor, organisation, slug)
        return
    heartbeats.rename(monitor.no, organisation.no, slug)
    if not monitor.enabled:
        heartbeats.write_beats([(held, held.pings, Beat(last_ping_at=held.beat.last_ping_at))])
        return
    config, now = specs.read(monitor.config), held.now
    beat = rescheduled(config, held.beat, now)
    heartbeats.write_beats([(held, held.pings, beat)])
    heartbeats.set_due(monitor.no, organisation.no, _not_before(due_at(config, beat, held.state), now))


def forget(monitor: Monitor, organisation: Organisation) -> None:
    Handle.objects.filter(kind=HANDLE, organisation=organisation, object_id=monitor.pk).delete()
    heartbeats.forget(monitor.no, organisation.no)


def rotate(organisation: Organisation, monitor: Monitor, by: Actor) -> str:
    """Give the heartbeat a new token; the old one is unknown from here on."""
    with transaction.atomic():
        heartbeats.lock([monitor.no], wait=True)
        Handle.objects.filter(kind=HANDLE, organisation=organisation, object_id=monitor.pk).delete()
        token = _new_token(monitor, organisation)
        heartbeats.reseal(monitor.no, organisation.no, _sealed(token, organisation, monitor))
        record(organisation, by, "rotated the address of", "monitor", monitor.pk, monitor.name)
        publish(organisation.id, [f"monitor:{monitor.pk}"])
    return token


def token_of(monitor: Monitor, organisation: Organisation) -> str:
    """The token in a heartbeat's address, "" if no key opens it. Whoever has it can report for the job."""
    found = heartbeats.address_of(monitor.no, organisation.no)
    return _opened(found[0] if found else None, monitor, organisation)


def _opened(sealed: str | None, monitor: Monitor, organisation: Organisation) -> str:
    try:
        return unseal(sealed, _place(organisation, monitor)) if sealed else ""
    except SealError:
        return ""


def ping_urls(monitors: Sequence[Monitor], organisation: Organisation) -> dict[int, str]:
    """The addresses of several heartbeats by their numbers, in one query."""
    sealed = heartbeats.sealed_tokens([monitor.no for monitor in monitors], organisation.no)
    tokens = {monitor.no: _opened(sealed.get(monitor.no), monitor, organisation) for monitor in monitors}
    return {number: ping_url(token) for number, token in tokens.items() if token}


def ping_url(token: str) -> str:
    return f"{settings.PULSE_BASE_URL}/ping/{token}"


def email_of(token: str) -> str:
    """The address that takes mail for the job; empty where this installation takes none."""
    domain = settings.PULSE_PING_EMAIL_DOMAIN
    return f"{token}@{domain}" if domain else ""


def slug_of(monitor: Monitor) -> str:
    """As it is set, else made from the name; empty where a name has no letters or digits of ASCII."""
    return str(monitor.config.get("slug") or slugify(monitor.name)[:100])


def _make(monitor: Monitor, organisation: Organisation, slug: str) -> None:
    token = _new_token(monitor, organisation)
    heartbeats.insert(monitor.no, organisation.no, monitor.pk, slug, _sealed(token, organisation, monitor))


def _new_token(monitor: Monitor, organisation: Organisation) -> str:
    token = str(uuid.uuid4())
    Handle.objects.create(
        kind=HANDLE, key=keys.digest(token), organisation=organisation, object_id=monitor.pk
    )
    return token


def _sealed(token: str, organisation: Organisation, monitor: Monitor) -> str:
    return seal(token, _place(organisation, monitor))


def _place(organisation: Organisation, monitor: Monitor) -> Place:
    return Place(str(organisation.id), "telemetry_heartbeat", "sealed_token", str(monitor.pk))


def _not_before(deadline: datetime | None, now: datetime) -> datetime | None:
    """A shorter grace may have passed already: then it ends now, not before the edit."""
    return deadline and max(deadline, now)
