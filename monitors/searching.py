"""Search monitors: what the address of a list asks for, and the words that the page and the API understand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

import idna
from django.db.models import Q, QuerySet
from django.http import QueryDict

SORTS = ("", "uptime")
LONGEST_SEARCH = 200
# The order of a list: what needs somebody first. `late`, `maintenance` and `paused` lie over whatever is stored.
WORDS = ("down", "flapping", "degraded", "late", "unknown", "maintenance", "pending", "up", "paused")
# Words of a search that ask for more than a name: `tag:shop kind:dns owner:alice`.
FILTERS = {"tag": "tags__contains", "kind": "kind__iexact", "owner": "owner_name__icontains"}
_SAFE = "/?:@!$&'()*+,;=-._~%[]|#"
RANKS = {word: place for place, word in enumerate(WORDS)}


@dataclass(frozen=True, slots=True)
class Query:
    """What the address of a list asks for."""

    text: str = ""
    status: str = ""
    page: int = 1
    refusal: str = ""
    sort: str = ""

    @property
    def typed(self) -> str:
        """The whole query as the search field holds it."""
        return " ".join(filter(None, (f"status:{self.status}" if self.status else "", self.text)))

    def address(self, **changes: str | int) -> str:
        """The query string of this list with something changed: `?status=down&q=shop`."""
        query = replace(self, **({"page": 1} | changes))  # type: ignore[arg-type]
        values = {
            "status": query.status, "q": query.text, "sort": query.sort, "page": query.page if query.page > 1 else "",
        }  # fmt: skip
        return "?" + urlencode({key: value for key, value in values.items() if value})

    @property
    def by_uptime(self) -> str:
        """The same list sorted by uptime, or again worst first."""
        return self.address(sort="" if self.sort else "uptime")

    @property
    def here(self) -> str:
        return self.address(page=self.page)


def read_query(values: QueryDict) -> Query:
    """Filters from the address; `status:down` in the search means the same as the filter."""
    refusal = ""
    text, status = split(values.get("q", "")[:LONGEST_SEARCH].replace("\x00", ""))
    status = status or values.get("status", "")
    if status and status not in RANKS:
        refusal = f"No status is called “{status}”: use {', '.join(WORDS[:-1])} or {WORDS[-1]}."
    number = values.get("page", "1")
    page = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 1
    sort = values.get("sort", "")
    return Query(text, status, max(page, 1), refusal, sort if sort in SORTS else "")


def split(typed: str) -> tuple[str, str]:
    """What is searched for without `status:down`, and that status; the last one counts."""
    status, words = "", []
    for word in typed.split():
        key, _, value = word.partition(":")
        if key.lower() == "status" and value:
            status = value.lower()
        else:
            words.append(word)
    return " ".join(words), status


def searched(monitors: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Those among them in which every word is found: in the name or the target, or where it says (FILTERS)."""
    for word in text.split():
        key, _, value = word.partition(":")
        if value and key.lower() in FILTERS:
            asked = [value.lower()] if key.lower() == "tag" else value
            monitors = monitors.filter(**{FILTERS[key.lower()]: asked})
        else:
            found = Q(name__icontains=word)
            for spelling in spellings(word):
                found |= Q(target__icontains=spelling)
            monitors = monitors.filter(found)
    return monitors


def spellings(word: str) -> list[str]:
    """How a target may hold what people type: as it is, and as an address has letters that are no ASCII.

    Of a host name whole labels (`straße` is `xn--strae-oqa`), of a path each letter by itself.
    """
    if word.isascii():
        return [word]
    scheme, separator, rest = word.rpartition("://")
    host, slash, path = rest.partition("/")
    address = scheme + separator + ".".join(map(_label, host.split("."))) + slash + _escaped(path)
    return list(dict.fromkeys((word, address, _escaped(word))))


def _label(text: str) -> str:
    """The label of a host name as it is asked for, a port may follow; what cannot be one stays as it is."""
    label, colon, port = text.partition(":")
    try:
        return text if label.isascii() else idna.encode(label, uts46=True).decode("ascii") + colon + port
    except UnicodeError:  # which is also what all complaints of idna are
        return text


def _escaped(text: str) -> str:
    return quote(text, safe=_SAFE, errors="replace")
