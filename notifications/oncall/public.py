"""The calendar behind a secret address, for programs that subscribe to it."""

from __future__ import annotations

from hashlib import sha256

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe

from notifications.models import Schedule
from notifications.oncall import feed, feeding
from notifications.oncall.reading import know
from pulse.scoping import in_tenant


@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """Who knows the address may read it; an unknown one is as if there were no page."""
    found = feeding.find(token)
    content = _content(found) if found else None
    if content is None:
        raise Http404
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="on-call.ics"'
    response["Cache-Control"] = f"private, max-age={int(feed.REFRESH.total_seconds())}"
    response["Referrer-Policy"] = "no-referrer"
    etag = quote_etag(sha256(content).hexdigest()[:32])
    response["ETag"] = etag
    return get_conditional_response(request, etag=etag, response=response) or response


def _content(found: feeding.Feed) -> bytes | None:
    now = timezone.now()
    with in_tenant(found.organisation):
        schedules = Schedule.objects.order_by("name")
        if found.schedule_id:
            schedules = schedules.filter(pk=found.schedule_id)
        known = list(know(schedules, now - feed.BACK * 2, now + feed.AHEAD * 2).values())
    if found.schedule_id:
        return feed.calendar(f"On call: {known[0].schedule.name}", known, now) if known else None
    title = f"My shifts at {found.organisation.name}"
    return feed.calendar(title, known, now, found.person.pk if found.person else None)
