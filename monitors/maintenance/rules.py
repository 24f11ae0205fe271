"""Read a recurrence rule (RFC 5545, 3.3.10): what is taken can be worked out in bounded time. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from pulse.fields import FieldError

# The longest interval of each frequency is about ten years: further ahead nobody plans, and nothing is looked for.
LONGEST = {"YEARLY": 10, "MONTHLY": 120, "WEEKLY": 520, "DAILY": 3_650, "HOURLY": 720}
COUNT_AT_MOST = 1_000
LENGTH_AT_MOST = 500
VALUES_AT_MOST = 60
DAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
UNTIL = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?")
# Name: (least, most, whether it may count from the end).
RANGES = {
    "BYMONTH": (1, 12, False), "BYMONTHDAY": (1, 31, True), "BYYEARDAY": (1, 366, True), "BYWEEKNO": (1, 53, True),
    "BYSETPOS": (1, 366, True), "BYHOUR": (0, 23, False), "BYMINUTE": (0, 59, False),
}  # fmt: skip
KNOWN = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", *RANGES)


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A rule in parts. `text` is what says which times match, without its end; `until` is on the zone's clocks."""

    frequency: str
    interval: int
    count: int | None
    until: datetime | None
    text: str
    parts: dict[str, str]


def parse(rule: str, zone: str) -> Recurrence:
    """Raises FieldError, with the remedy, for what is no rule or one that no maintenance window needs."""
    parts = _parts(rule)
    frequency = _frequency(parts)
    interval = _number(parts, "INTERVAL", LONGEST[frequency]) or 1
    count = _number(parts, "COUNT", COUNT_AT_MOST)
    if count and "UNTIL" in parts:
        raise FieldError("Use COUNT or UNTIL, not both: one of them says when it ends.")
    until = _until(parts["UNTIL"], ZoneInfo(zone)) if "UNTIL" in parts else None
    for name in RANGES:
        if name in parts:
            _check_numbers(name, parts[name])
    _check_days(parts, frequency)
    if "BYSETPOS" in parts and not any(name in parts for name in ("BYDAY", *RANGES) if name != "BYSETPOS"):
        raise FieldError("Use BYSETPOS together with another BY… part: it chooses among what those match.")
    text = ";".join(f"{name}={value}" for name, value in parts.items() if name not in ("COUNT", "UNTIL"))
    return Recurrence(frequency, interval, count, until, text, parts)


def canonical(rule: str, zone: str) -> str:
    """The rule as it is stored: in capitals, without `RRULE:` and spaces."""
    return ";".join(f"{name}={value}" for name, value in parse(rule, zone).parts.items())


def _parts(rule: str) -> dict[str, str]:
    text = rule.strip().upper().removeprefix("RRULE:").strip().strip(";")
    if len(text) > LENGTH_AT_MOST:
        raise FieldError(f"Shorten the rule to at most {LENGTH_AT_MOST} characters; it has {len(text)}.")
    if any(word in text for word in ("\n", "\r", "DTSTART", "EXDATE", "RDATE", "EXRULE", "TZID")):
        raise FieldError(
            "Write one rule only, like FREQ=WEEKLY;BYDAY=SU: start and zone are fields of their own."
        )
    found: dict[str, str] = {}
    for part in text.split(";"):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not value:
            raise FieldError("Write the rule as NAME=VALUE parts with semicolons, like FREQ=WEEKLY;BYDAY=SU.")
        if name == "BYSECOND":
            raise FieldError("Remove BYSECOND: a window begins at the second of its start.")
        if name not in KNOWN:
            raise FieldError(f"Remove {name[:20]}: known parts are {', '.join(KNOWN)}.")
        if name in found:
            raise FieldError(f"Write {name} once, with commas between its values.")
        found[name] = value.replace(" ", "")
    return found


def _frequency(parts: dict[str, str]) -> str:
    frequency = parts.get("FREQ", "")
    if frequency in ("SECONDLY", "MINUTELY"):
        raise FieldError(f"Use HOURLY or slower instead of {frequency}: no maintenance comes that often.")
    if frequency not in LONGEST:
        raise FieldError(f"Begin the rule with FREQ={', '.join(LONGEST)}, like FREQ=WEEKLY;BYDAY=SU.")
    return frequency


def _number(parts: dict[str, str], name: str, most: int) -> int | None:
    if name not in parts:
        return None
    text = parts[name]
    if not (text.isascii() and text.isdigit() and len(text) < 7 and 1 <= int(text) <= most):
        raise FieldError(f"Use a whole number from 1 to {most:,} for {name}; {text[:20]} is none.")
    return int(text)


def _until(text: str, zone: ZoneInfo) -> datetime:
    """On the clocks of the zone. A date alone means all of that day."""
    match = UNTIL.fullmatch(text)
    try:
        if match is None:
            raise ValueError(text)
        day = date.fromisoformat(match[1])
        if match[2] is None:
            return datetime.combine(day, time(23, 59, 59))
        moment = datetime.combine(day, time.fromisoformat(match[2]))
        return moment.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None) if match[3] else moment
    except (ValueError, OverflowError):
        raise FieldError(
            "Write UNTIL as a date or a moment in UTC, like 20271231 or 20271231T235959Z."
        ) from None


def _check_numbers(name: str, text: str) -> None:
    least, most, may_be_negative = RANGES[name]
    values = text.split(",")
    if len(values) > VALUES_AT_MOST:
        raise FieldError(f"Use at most {VALUES_AT_MOST} values for {name}.")
    for value in values:
        digits = value.removeprefix("+") if value[:1] == "+" else value.removeprefix("-")
        is_number = digits.isascii() and digits.isdigit() and len(digits) < 4
        if not is_number or not least <= int(digits) <= most or (value[:1] == "-" and not may_be_negative):
            also = f", or from -{most} to -{least} to count from the end" if may_be_negative else ""
            raise FieldError(f"Use whole numbers from {least} to {most} for {name}{also}.")


def _check_days(parts: dict[str, str], frequency: str) -> None:
    if "WKST" in parts and not re.fullmatch("MO|TU|WE|TH|FR|SA|SU", parts["WKST"]):
        raise FieldError("Use one of MO, TU, WE, TH, FR, SA, SU for WKST.")
    if "BYDAY" not in parts:
        return
    for value in parts["BYDAY"].split(","):
        match = DAY.fullmatch(value)
        if match is None or (match[1] and not 1 <= abs(int(match[1])) <= 53):
            raise FieldError(
                "Use days like MO, TU or SU for BYDAY; 1SU is the first Sunday, -1FR the last Friday."
            )
        if match[1] and frequency not in ("MONTHLY", "YEARLY"):
            raise FieldError(
                f"Write {match[2]} instead of {value}: only MONTHLY and YEARLY rules number their days."
            )
