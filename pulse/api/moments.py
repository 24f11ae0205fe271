"""Read stretches of time from the address of a request."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from rest_framework.request import Request

from pulse.api.problems import InvalidFields


def read_stretch(request: Request, usual: timedelta, most: timedelta) -> tuple[datetime, datetime]:
    """`from` and `to`: now, and `usual` before that, unless given; at most `most` long and not in the future."""
    now = timezone.now()
    end = min(read_moment(request, "to", now), now)
    start = read_moment(request, "from", end - usual)
    if start >= end:
        raise InvalidFields([("/from", "Use a moment before `to`, and before now.")])
    if end - start > most:
        raise InvalidFields([("/from", f"Ask for at most {most.days} days.")])
    return start, end


def read_moment(request: Request, name: str, default: datetime) -> datetime:
    text = request.query_params.get(name)
    if not text:
        return default
    try:
        moment = parse_datetime(text.replace(" ", "+"))  # a plus that was not quoted
    except ValueError:
        moment = None
    if moment is None or timezone.is_naive(moment) or not 1970 <= moment.year <= 9000:
        raise InvalidFields([(f"/{name}", "Use a moment with its zone, like 2026-03-01T12:00:00Z.")])
    return moment


def read_number(request: Request, name: str, usual: int, least: int, most: int) -> int:
    text = request.query_params.get(name) or str(usual)
    if not (text.isascii() and text.isdigit() and len(text) < 8 and least <= int(text) <= most):
        raise InvalidFields([(f"/{name}", f"Use a whole number from {least} to {most}.")])
    return int(text)


def read_truth(request: Request, name: str) -> bool:
    text = request.query_params.get(name) or "false"
    if text not in ("true", "false"):
        raise InvalidFields([(f"/{name}", "Use true or false.")])
    return text == "true"
