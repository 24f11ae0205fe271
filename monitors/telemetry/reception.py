"""Whether anything takes reports: a job that cannot report in because Pulse does not answer is not silent."""

from __future__ import annotations

from django.db import connection

AWAY_AFTER_S = 15

MARK = """
INSERT INTO public.telemetry_reception AS r (seen_at) VALUES (now())
ON CONFLICT (one) DO UPDATE SET
    left_at = CASE WHEN r.seen_at < now() - make_interval(secs => %(away)s) THEN r.seen_at ELSE r.left_at END,
    returned_at = CASE WHEN r.seen_at < now() - make_interval(secs => %(away)s) THEN now() ELSE r.returned_at END,
    seen_at = now()
"""
IS_AWAY = "SELECT seen_at < now() - make_interval(secs => %s) FROM public.telemetry_reception"


def mark() -> None:
    """Something that takes reports is here."""
    with connection.cursor() as cursor:
        cursor.execute(MARK, {"away": AWAY_AFTER_S})


def is_away() -> bool:
    """Nothing that takes reports has been here for a while; False where none ever was."""
    with connection.cursor() as cursor:
        cursor.execute(IS_AWAY, [AWAY_AFTER_S])
        row = cursor.fetchone()
    return bool(row and row[0])
