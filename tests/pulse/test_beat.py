"""Beat rings what is on the one page, and nothing that was on an older one."""

from __future__ import annotations

import pytest
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from pulse.celery import app, forget_removed


@pytest.mark.usefixtures("world")
def test_an_entry_that_is_no_longer_on_the_page_does_not_ring_on() -> None:
    every, _ = IntervalSchedule.objects.get_or_create(every=60, period="seconds")
    PeriodicTask.objects.create(name="of an older version", task="pulse.gone", interval=every)
    kept = PeriodicTask.objects.create(
        name=next(iter(app.conf.beat_schedule)), task="pulse.wake", interval=every
    )

    forget_removed()

    assert list(PeriodicTask.objects.values_list("pk", flat=True)) == [kept.pk]
    kept.delete()
