"""Read the address of a ping, in the forms that healthchecks has. Pure."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import parse_qs
from uuid import UUID

from monitors.heartbeats.advancing import Kind
from monitors.heartbeats.arrivals import NOT_FOUND, Answer, Arrival
from tenants import keys

PREFIX = "/ping/"
KINDS = {"start": Kind.START, "fail": Kind.FAIL, "log": Kind.LOG}
INVALID_URL = Answer(400, "invalid url format")
INVALID_RID = Answer(400, "invalid uuid format")

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_SLUG = re.compile(r"[A-Za-z0-9_-]{1,100}")


def read(path: str, query: bytes, method: str) -> Arrival | Answer:
    """What `/ping/<token>`, `/ping/<key>/<slug>` and the forms with a verb or an exit status ask for."""
    first, *rest = path[len(PREFIX) :].removesuffix("/").split("/")
    if _UUID.fullmatch(first):
        arrival = Arrival(Kind.SUCCESS, method, token=hashlib.sha256(first.lower().encode()).hexdigest())
    elif rest and _SLUG.fullmatch(rest[0]) and keys.is_well_formed(first):
        arrival = Arrival(Kind.SUCCESS, method, key=keys.digest(first), slug=rest.pop(0))
    else:
        return NOT_FOUND
    if (refused := _read_verb(arrival, rest)) or (query and (refused := _read_query(arrival, query))):
        return refused
    return arrival


def _read_verb(arrival: Arrival, rest: list[str]) -> Answer | None:
    if not rest:
        return None
    word = rest[0]
    if len(rest) > 1:
        return NOT_FOUND
    if word in KINDS:
        arrival.kind = KINDS[word]
        return None
    if not (word.isascii() and word.isdigit()):
        return NOT_FOUND
    if len(word) > 3 or int(word) > 255:
        return INVALID_URL
    arrival.exit_status = int(word)
    arrival.kind = Kind.FAIL if arrival.exit_status else Kind.SUCCESS
    return None


def _read_query(arrival: Arrival, query: bytes) -> Answer | None:
    try:
        values = parse_qs(query.decode("latin-1"), keep_blank_values=True, max_num_fields=20)
    except ValueError:
        return INVALID_URL
    if "rid" in values:
        rid = values["rid"][-1]
        if not _UUID.fullmatch(rid):
            return INVALID_RID
        arrival.rid = UUID(rid)
    arrival.create = values.get("create") == ["1"]
    if arrival.create and arrival.slug != arrival.slug.lower():
        return INVALID_URL
    return None
