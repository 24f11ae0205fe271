"""Write down when the probers of a location could reach nothing: one row for each such time."""

from __future__ import annotations

from datetime import datetime

import structlog
from django.db import connection

log = structlog.get_logger(__name__)

BEGIN = "INSERT INTO telemetry_blindness (location, began) VALUES (%s, now()) ON CONFLICT DO NOTHING"
END = "UPDATE telemetry_blindness SET ended = now() WHERE location = %s AND ended IS NULL"
# A worker that died blind leaves its row open; nobody is blind for a day without somebody noticing.
OPEN = """
SELECT l.code, b.began FROM telemetry_blindness b JOIN telemetry_location l ON l.no = b.location
WHERE b.ended IS NULL AND b.began > now() - interval '1 day' ORDER BY b.began
"""

RECENT = """
SELECT location, bool_or(ended IS NULL), max(ended) FROM telemetry_blindness
WHERE began > now() - interval '1 day' GROUP BY location
"""


def note(location: int, blind: bool) -> None:
    """Begin or end the row of a location. Of several workers there, the first to see again ends it."""
    with connection.cursor() as cursor:
        cursor.execute(BEGIN if blind else END, [location])
        changed = cursor.rowcount > 0
    if blind:
        log.error("blind", words="no control target answers: outages are not told until one does")
    elif changed:
        log.warning("sees_again")


def open_now() -> list[tuple[str, datetime]]:
    """Locations that see nothing at this moment, with the time since when."""
    with connection.cursor() as cursor:
        cursor.execute(OPEN)
        found: list[tuple[str, datetime]] = cursor.fetchall()
    return found


def recently() -> dict[int, tuple[bool, datetime | None]]:
    """By location of the last day: whether it sees nothing now, and when it last saw again."""
    with connection.cursor() as cursor:
        cursor.execute(RECENT)
        return {location: (is_blind, saw_again) for location, is_blind, saw_again in cursor.fetchall()}
