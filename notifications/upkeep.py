"""What nobody asks for and must happen all the same, once a minute: hand-overs are told, drills end."""

from __future__ import annotations

import structlog
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from incidents import drilling
from notifications.oncall.handing_over import notice_due, organisations_with_schedules

log = structlog.get_logger(__name__)
AWAY = (OperationalError, InterfaceError)


def keep() -> None:
    now = timezone.now()
    drilling.end_overdue(now)
    for organisation in organisations_with_schedules():
        try:
            notice_due(organisation, now)
        except AWAY:
            raise
        except Exception:  # one organisation's fault must not keep the others' people from knowing
            log.exception("handover_failed", organisation=organisation.slug)
