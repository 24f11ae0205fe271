"""When a job is expected: zones and the days on which clocks are set, right to the second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.heartbeats.durations import seconds_of, words
from monitors.heartbeats.schedule import Kind, Schedule, check_line
from monitors.heartbeats.settings import SETTINGS
from pulse.fields import ConfigError

ZONES = [
    "UTC",
    "Europe/Riga",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/St_Johns",
]
# Days on which clocks are set in these zones, in both directions; Lord Howe sets them by half an hour.
DAYS = [(2026, 3, 8), (2026, 3, 29), (2026, 4, 5), (2026, 10, 4), (2026, 10, 25), (2026, 11, 1)]


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def daily(zone: str, line: str = "30 2 * * *") -> Schedule:
    return Schedule("cron", lines=(line,), zone=zone)


@pytest.mark.parametrize(
    ("schedule", "after", "expected"),
    [
        (Schedule("period", 90), "2026-05-01 10:00:00.5", "2026-05-01 10:01:30.5"),
        (daily("UTC"), "2026-05-01 02:30:00", "2026-05-02 02:30:00"),
        (daily("UTC"), "2026-05-01 02:29:59.999999", "2026-05-01 02:30:00"),
        (daily("Europe/Riga"), "2026-05-01 00:00:00", "2026-05-01 23:30:00"),
        # The clock jumps from 03:00 to 04:00: a job of 03:30 runs at once after it, as Debian's cron does.
        (daily("Europe/Riga", "30 3 * * *"), "2026-03-28 23:00:00", "2026-03-29 01:00:00"),
        # 03:30 comes twice, the job once.
        (daily("Europe/Riga", "30 3 * * *"), "2026-10-25 00:00:00", "2026-10-25 00:30:00"),
        (daily("Europe/Riga", "30 3 * * *"), "2026-10-25 00:30:00", "2026-10-26 01:30:00"),
        (daily("Europe/Riga", "*/30 * * * *"), "2026-10-25 00:30:00", "2026-10-25 01:00:00"),
        # Lord Howe: 02:00 becomes 02:30 in October, and 02:00 comes again as 01:30 in April.
        (daily("Australia/Lord_Howe", "15 2 * * *"), "2026-10-03 15:00:00", "2026-10-03 15:30:00"),
        (daily("Australia/Lord_Howe", "45 1 * * *"), "2026-04-04 14:00:00", "2026-04-04 14:45:00"),
        (Schedule("oncalendar", lines=("Mon..Fri 09:00",), zone="America/New_York"), "2026-03-06 15:00:00",
         "2026-03-09 13:00:00"),
        # systemd passes over a time that does not exist.
        (Schedule("oncalendar", lines=("03:30",), zone="Europe/Riga"), "2026-03-28 23:00:00", "2026-03-30 00:30:00"),
        (Schedule("oncalendar", lines=("2020-01-01 00:00", "2031-02-03 04:05:06")), "2026-01-01 00:00:00",
         "2031-02-03 04:05:06"),
        (Schedule("cron", lines=("0 6 * * *", "0 18 * * *")), "2026-01-01 07:00:00", "2026-01-01 18:00:00"),
        (Schedule("cron", lines=("*/10 * * * * *",)), "2026-01-01 07:00:03", "2026-01-01 07:00:10"),
        # The second time that it is half past three in Riga that night.
        (Schedule("oncalendar", lines=("*:*:00",), zone="Europe/Riga"), "2026-10-25 01:30:00", "2026-10-25 02:00:00"),
    ],
)  # fmt: skip
def test_the_next_time(schedule: Schedule, after: str, expected: str) -> None:
    assert schedule.after(at(after)) == at(expected)


def test_a_calendar_that_has_ended_expects_nothing() -> None:
    assert Schedule("oncalendar", lines=("2020-01-01 00:00",)).after(at("2026-01-01 00:00:00")) is None


moments = st.builds(
    lambda day, seconds: datetime(day[0], day[1], day[2], tzinfo=UTC) + timedelta(seconds=seconds),
    st.sampled_from(DAYS),
    st.integers(-86_400, 2 * 86_400),
)
cron = st.builds(
    lambda minute, hour: f"{minute} {hour} * * *",
    st.sampled_from(["0", "15", "30", "59", "*/15", "*", "7,37"]),
    st.sampled_from(["*", "1", "2", "3", "0,2", "*/6", "1-3"]),
)
calendar = st.builds(
    lambda hour, minute, second: f"{hour}:{minute}:{second}",
    st.sampled_from(["*", "01", "02", "03", "01..03"]),
    st.sampled_from(["*", "00", "30", "00/15"]),
    st.sampled_from(["00", "30", "59"]),
)


@given(
    moment=moments,
    zone=st.sampled_from(ZONES),
    kind_line=st.one_of(cron.map(lambda one: ("cron", one)), calendar.map(lambda one: ("oncalendar", one))),
)
def test_times_go_on_and_none_is_left_out(moment: datetime, zone: str, kind_line: tuple[Kind, str]) -> None:
    """Whoever asks from anywhere before a time, and after the one before it, is told that time."""
    schedule = Schedule(kind_line[0], lines=(kind_line[1],), zone=zone)
    first, second = schedule.upcoming(moment, 2)

    assert moment.replace(microsecond=0) < first < second
    assert first.microsecond == 0
    between = first + (second - first) / 2
    assert schedule.after(between) == schedule.after(first) == second
    assert schedule.after(second - timedelta(microseconds=1)) == second


@given(moment=moments, zone=st.sampled_from(ZONES))
def test_a_daily_job_comes_once_a_day_on_the_wall_clock(moment: datetime, zone: str) -> None:
    slots = daily(zone, "30 4 * * *").upcoming(moment, 4)
    local = [slot.astimezone(ZoneInfo(zone)) for slot in slots]
    assert [(day - local[0].date()).days for day in [one.date() for one in local]] == [0, 1, 2, 3]
    assert {(one.hour, one.minute, one.second) for one in local} == {(4, 30, 0)}


@pytest.mark.parametrize("line", ["61 * * * *", "x", "* * *", "0 0 31 2 *", "0 0 30 2 *"])
def test_a_line_that_never_comes_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        check_line("cron", line, at("2026-01-01 00:00:00"))


@pytest.mark.parametrize(
    ("config", "pointer", "words_"),
    [
        ({"schedule": "cron"}, "/calendar", "Write at least one line, like 0 3 * * *."),
        ({"schedule": "cron", "calendar": ["61 * * * *"]}, "/calendar", "'61 * * * *' cannot be used: bad minute."),
        ({"schedule": "oncalendar", "calendar": ["2001-01-01"]}, "/calendar", "it never comes again"),
        ({"zone": "Mars/Olympus"}, "/zone", "Use the name of a time zone like Europe/Riga"),
        ({"period_seconds": "often"}, "/period_seconds", "Use a length from 10 s to 365 d"),
        ({"period_seconds": 5}, "/period_seconds", "Use a length from 10 s to 365 d"),
        ({"slug": "Night Job"}, "/slug", "Use small letters"),
        ({"filter_body": True}, "/success_keywords", "Write a word"),
        ({"failure_keywords": ["", "\x07"]}, "/failure_keywords", "Line 2: Use printable text"),
        ({"filter_body": True, "failure_keywords": [" "]}, "/success_keywords", "Write a word"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_used_say_what_to_write(
    config: dict[str, object], pointer: str, words_: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        SETTINGS.load(config)
    assert caught.value.errors[0][0] == pointer
    assert words_ in caught.value.errors[0][1]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("5 min", 300), ("1 d 12 h", 129_600), ("2h30m", 9000), ("1 week", 604_800), ("2 days", 172_800),
     ("", None), ("soon", None), ("5 parsecs", None), ("-5", None)],
)  # fmt: skip
def test_lengths_are_read_as_people_type_them(text: str, seconds: int | None) -> None:
    assert seconds_of(text) == seconds


@given(st.integers(1, 10**8))
def test_a_length_that_is_shown_is_read_again(seconds: int) -> None:
    assert seconds_of(words(seconds)) == seconds
