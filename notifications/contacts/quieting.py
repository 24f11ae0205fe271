"""When a person is not to be woken. Pure; right on nights that clocks are set in."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from monitors.maintenance.recurring import begins


def quiet_until(
    starts: time | None,
    ends: time | None,
    zone: str,
    except_for: Collection[str],
    severity: str,
    now: datetime,
) -> datetime | None:
    """When the quiet hours end that `now` lies in (UTC); None: tell now.

    An end that is not after the start is on the next day. A time that clocks jump over is the first moment after,
    one that they show twice the first of the two.
    """
    if starts is None or ends is None or starts == ends or severity in except_for:
        return None
    here = ZoneInfo(zone)
    today = now.astimezone(here).date()
    for day in (today - timedelta(days=1), today):
        last = day if ends > starts else day + timedelta(days=1)
        begun, over = (begins(datetime.combine(*when), here)[0] for when in ((day, starts), (last, ends)))
        if begun <= now < over:
            return over
    return None
