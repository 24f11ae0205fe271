"""When windows happen: rules, clocks that are set, and rules that no machine should be asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import process_time
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr

from monitors.maintenance.describing import note, words
from monitors.maintenance.recurring import Schedule, begins, between, occurrences, overlap
from monitors.maintenance.rules import canonical
from pulse.fields import FieldError

VIENNA = "Europe/Vienna"
NOW = datetime(2027, 1, 10, 12, 0, tzinfo=UTC)
BITS = "BYMONTH=2;BYMONTHDAY=30"


def schedule(
    rule: str = "", *, start: datetime = datetime(2027, 1, 1, 2, 30), hours: float = 1, zone: str = VIENNA
) -> Schedule:
    return Schedule(start, zone, timedelta(hours=hours), rule)


def starts(rule: str, most: int = 3, **more: object) -> list[str]:
    found = occurrences(schedule(rule, **more), NOW, most)  # type: ignore[arg-type]
    return [one.start.strftime("%m-%d %H:%M") for one in found]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY", ["01-11 01:30", "01-12 01:30", "01-13 01:30"]),
        ("FREQ=DAILY;INTERVAL=3", ["01-13 01:30", "01-16 01:30", "01-19 01:30"]),
        ("FREQ=WEEKLY;BYDAY=SU", ["01-17 01:30", "01-24 01:30", "01-31 01:30"]),
        ("FREQ=MONTHLY;BYDAY=-1FR", ["01-29 01:30", "02-26 01:30", "03-26 01:30"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31", ["01-31 01:30", "03-31 00:30", "05-31 00:30"]),
        ("FREQ=HOURLY;INTERVAL=12", ["01-10 13:30", "01-11 01:30", "01-11 13:30"]),
        ("FREQ=DAILY;COUNT=11", ["01-11 01:30"]),
        ("FREQ=DAILY;UNTIL=20270112", ["01-11 01:30", "01-12 01:30"]),
        ("FREQ=DAILY;UNTIL=20270112T013000Z", ["01-11 01:30", "01-12 01:30"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", ["02-29 01:30", "02-29 01:30", "02-29 01:30"]),
    ],
)
def test_a_rule_happens_on_the_clocks_of_its_zone(rule: str, expected: list[str]) -> None:
    assert starts(rule) == expected


OFTEN = f"BYHOUR={','.join(map(str, range(24)))};BYMINUTE={','.join(map(str, range(0, 60, 2)))}"


@pytest.mark.parametrize("frequency", ["YEARLY", "MONTHLY", "WEEKLY"])
def test_a_window_of_many_times_a_day_costs_little_however_old_it_is(frequency: str) -> None:
    old = schedule(f"FREQ={frequency};BYDAY=MO,TU,WE,TH,FR,SA,SU;{OFTEN}", start=datetime(2000, 1, 31))
    began = process_time()

    assert occurrences(old, NOW, 1)
    assert process_time() - began < 0.7


@pytest.mark.parametrize("rule", [
    "FREQ=MONTHLY", "FREQ=MONTHLY;INTERVAL=5", "FREQ=YEARLY", "FREQ=YEARLY;INTERVAL=3", "FREQ=WEEKLY;INTERVAL=3",
    "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,MO", "FREQ=MONTHLY;INTERVAL=7;BYDAY=-1FR", "FREQ=YEARLY;BYWEEKNO=53",
])  # fmt: skip
@pytest.mark.parametrize("day", ["2000-02-29", "2001-01-31", "2003-12-30", "2004-11-10", "2026-12-31"])
def test_a_start_long_ago_is_followed_as_if_every_step_were_taken(rule: str, day: str) -> None:
    begun = schedule(rule, start=datetime.fromisoformat(day))
    every = rrulestr(rule, dtstart=begun.start).between(datetime(2027, 1, 13), datetime(2035, 1, 1))

    found = [one.local for one in occurrences(begun, datetime(2027, 1, 12, 22, tzinfo=UTC), 500)]
    assert [one for one in found if one.year < 2035] == every


def test_an_old_start_costs_no_more_than_a_new_one_and_keeps_its_rhythm() -> None:
    old = occurrences(schedule("FREQ=DAILY;INTERVAL=3", start=datetime(2001, 1, 1, 2, 30)), NOW, 2)

    days = (old[0].local - datetime(2001, 1, 1, 2, 30)).days
    assert days % 3 == 0
    assert old[1].local - old[0].local == timedelta(days=3)


@pytest.mark.parametrize(
    ("local", "zone", "expected", "shift"),
    [
        (datetime(2027, 3, 28, 2, 30), VIENNA, datetime(2027, 3, 28, 1, 0), "gap"),
        (datetime(2027, 3, 28, 3, 0), VIENNA, datetime(2027, 3, 28, 1, 0), ""),
        (datetime(2027, 10, 31, 2, 30), VIENNA, datetime(2027, 10, 31, 0, 30), "fold"),
        (datetime(2027, 3, 14, 2, 0), "America/New_York", datetime(2027, 3, 14, 7, 0), "gap"),
        (datetime(2027, 10, 3, 2, 15), "Australia/Lord_Howe", datetime(2027, 10, 2, 15, 30), "gap"),
        (datetime(2027, 7, 1, 12, 0), "UTC", datetime(2027, 7, 1, 12, 0), ""),
    ],
)
def test_a_start_in_a_gap_is_the_first_moment_after_it_and_in_a_fold_the_first_of_two(
    local: datetime, zone: str, expected: datetime, shift: str
) -> None:
    assert begins(local, ZoneInfo(zone)) == (expected.replace(tzinfo=UTC), shift)


def test_days_on_which_clocks_are_set_are_marked_in_words_and_last_as_long_as_others() -> None:
    daily = schedule("FREQ=DAILY", hours=3)
    gap, fold = datetime(2027, 3, 28, tzinfo=UTC), datetime(2027, 10, 31, tzinfo=UTC)
    in_gap = between(daily, gap, gap + timedelta(hours=5))[0]
    in_fold = between(daily, fold, fold + timedelta(hours=5))[0]
    across = between(
        schedule("FREQ=DAILY", start=datetime(2027, 1, 1, 1, 0), hours=3), gap, gap + timedelta(hours=2)
    )[0]

    assert {one.end - one.start for one in (in_gap, in_fold, across)} == {timedelta(hours=3)}
    assert note(in_gap, VIENNA) == (
        "Clocks jump over 02:30 on this day: it starts at 03:00, the first moment after."
    )
    assert note(in_fold, VIENNA) == (
        "Clocks show 02:30 twice on this day: it starts at the first, UTC+02:00."
    )
    assert note(across, VIENNA) == (
        "Clocks are set forward during it: it lasts 3 h all the same, and ends at 05:00."
    )


@pytest.mark.parametrize(
    ("rule", "remedy"),
    [
        ("FREQ=SECONDLY", "Use HOURLY or slower"),
        ("FREQ=MINUTELY;INTERVAL=5", "Use HOURLY or slower"),
        ("every day", "NAME=VALUE"),
        ("BYDAY=SU", "Begin the rule with FREQ="),
        ("FREQ=DAILY;COUNT=1000000000", "from 1 to 1,000 for COUNT"),
        ("FREQ=DAILY;COUNT=0", "from 1 to 1,000 for COUNT"),
        ("FREQ=DAILY;INTERVAL=99999", "for INTERVAL"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20270101", "not both"),
        ("FREQ=DAILY;UNTIL=soon", "Write UNTIL as"),
        ("FREQ=DAILY;UNTIL=20270231", "Write UNTIL as"),
        ("FREQ=DAILY;BYSECOND=1", "Remove BYSECOND"),
        ("FREQ=DAILY;BYEASTER=1", "Remove BYEASTER"),
        ("FREQ=DAILY;BYHOUR=24", "from 0 to 23 for BYHOUR"),
        ("FREQ=YEARLY;BYMONTHDAY=0", "from 1 to 31 for BYMONTHDAY"),
        ("FREQ=WEEKLY;BYDAY=1MO", "Write MO instead of 1MO"),
        ("FREQ=WEEKLY;BYDAY=XX", "Use days like"),
        ("FREQ=MONTHLY;BYSETPOS=1", "together with another"),
        ("FREQ=DAILY;FREQ=WEEKLY", "Write FREQ once"),
        ("DTSTART:20270101T000000\nRRULE:FREQ=DAILY", "Write one rule only"),
        ("FREQ=DAILY;BYMONTH=" + ",".join(["1"] * 70), "at most 60 values"),
        ("FREQ=DAILY;BYMONTH=\u0661", "from 1 to 12 for BYMONTH"),
        ("X" * 600, "Shorten the rule"),
    ],
)
def test_a_rule_that_no_window_needs_is_refused_with_its_remedy(rule: str, remedy: str) -> None:
    with pytest.raises(FieldError, match=remedy.replace("(", r"\(")):
        canonical(rule, VIENNA)


@pytest.mark.parametrize(
    "rule",
    [
        f"FREQ=HOURLY;{BITS}",
        f"FREQ=DAILY;{BITS}",
        f"FREQ=DAILY;{BITS};COUNT=1000",
        "FREQ=HOURLY;BYSETPOS=-3;BYMONTH=5;BYDAY=MO",
        f"FREQ=DAILY;{BITS};BYHOUR={','.join(map(str, range(24)))};BYMINUTE={','.join(map(str, range(60)))}",
    ],
)
def test_a_rule_that_never_matches_is_found_out_in_bounded_time(rule: str) -> None:
    began = process_time()

    assert occurrences(schedule(rule), NOW, 1) == []
    assert process_time() - began < 2.5  # dateutil alone looks until the year 9999: ten times as long


@pytest.mark.parametrize(("hours", "is_over"), [(23, False), (24, True), (30, True)])
def test_occurrences_that_touch_or_overlap_would_never_end(hours: int, is_over: bool) -> None:
    assert bool(overlap(schedule("FREQ=DAILY", hours=hours), NOW)) is is_over


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("", "Once, 1 Jan 2027 02:30 to 03:30 Europe/Vienna"),
        ("FREQ=DAILY", "Every day, 02:30 to 03:30 Europe/Vienna"),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA,SU",
            "Every 2 weeks on Saturday and Sunday, 02:30 to 03:30 Europe/Vienna",
        ),
        (
            "FREQ=MONTHLY;BYDAY=-1FR;COUNT=3",
            "Every month on the last Friday, 02:30 to 03:30 Europe/Vienna, 3 times",
        ),
        (
            "FREQ=MONTHLY;UNTIL=20270630",
            "Every month on day 1, 02:30 to 03:30 Europe/Vienna, until 30 June 2027",
        ),
        ("FREQ=DAILY;BYHOUR=2,14", "Every day by FREQ=DAILY;BYHOUR=2,14, for 1 h Europe/Vienna"),
    ],
)
def test_a_schedule_is_said_in_words(rule: str, expected: str) -> None:
    assert words(schedule(rule)) == expected
