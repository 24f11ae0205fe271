"""What the SQL databases have in common: settings, a query that only reads, and the first value of its answer."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from monitors.assertions.model import Source
from monitors.assertions.setting import asserting
from monitors.probes.conversation import CheckFailed, Talk
from monitors.probes.outcome import ErrorClass
from monitors.probes.securing import EVERYWHERE, NO_TLS, TLS, Secured, kept, tls_section
from monitors.probes.settings import Settings, secret, section, text
from pulse.fields import FieldError

SOURCES = (*EVERYWHERE, Source.ANSWER, Source.ROWS)
# Rows are counted up to here; the server is told to send no more.
MOST_ROWS = 1000
# A flood of small messages would be read without a pause: the loop's other checks would wait for it.
MOST_MESSAGES = 5000
MOST_BYTES = 8 << 20

# A bigint with its sign.
_LONGEST_WHOLE = 20
_FIRST_WORD = re.compile(r"\s*\(*\s*([A-Za-z]+)")
_READING = ("SELECT", "SHOW", "TABLE", "VALUES", "WITH")
_WRITES_FILES = re.compile(r"\b(outfile|dumpfile)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SqlConfig(Secured):
    username: str = ""
    password: str = field(default="", repr=False)
    database: str = ""
    query: str = "SELECT 1"


def read_query(query: str) -> str:
    """One statement; raises FieldError for one that does not begin like one that reads."""
    query = query.strip().rstrip(";").rstrip()
    match = _FIRST_WORD.match(query)
    if match is None or match[1].upper() not in _READING:
        raise FieldError(
            f"Start the query with {', '.join(_READING[:-1])} or {_READING[-1]}: checks only read."
        )
    if _WRITES_FILES.search(query):
        raise FieldError("Remove OUTFILE or DUMPFILE: checks only read.")
    return query


def sql_settings(default_database: str) -> Settings[SqlConfig]:
    query = text(
        "query",
        "Query",
        "One that only reads; its first value is the answer.",
        longest=4000,
        long=True,
        read=read_query,
    )
    return Settings(
        SqlConfig,
        section(
            "Sign-in",
            text("username", "User name", "One that may only read what the query needs.", longest=128),
            secret("password", "Password", longest=500),
            text("database", "Database", default_database, longest=128),
        ),
        tls_section(TLS, NO_TLS),
        section("What a good answer is", replace(query, default="SELECT 1"), asserting(*SOURCES)),
    )


class Allowance:
    """How much one conversation may bring, in messages and bytes."""

    def __init__(self) -> None:
        self._messages = MOST_MESSAGES
        self._bytes = MOST_BYTES

    def spend(self, size: int) -> None:
        """Counts a message of `size` bytes; raises CheckFailed when it is too many or too much."""
        self._messages -= 1
        self._bytes -= size
        if self._messages < 0 or self._bytes < 0:
            raise CheckFailed(ErrorClass.RESPONSE_TOO_LARGE, "the answer of the database is too large")


def found(talk: Talk, first: bytes | None, rows: int) -> str:
    """Keeps what the query brought; returns the sentence about it."""
    value: Any = None if first is None else kept(first.decode("utf-8", "replace"))
    talk.facts[Source.ANSWER] = _number(value) if value is not None else None
    talk.facts[Source.ROWS] = min(rows, MOST_ROWS)
    if rows > MOST_ROWS:
        return f"answered more than {MOST_ROWS:,} rows"
    return "answered 1 row" if rows == 1 else f"answered {rows} rows"


def _number(value: str) -> str | int | float:
    """Numbers as numbers, so that they can be compared; all else as the text it is."""
    if len(value) <= _LONGEST_WHOLE and re.fullmatch(r"-?(0|[1-9][0-9]*)", value):
        return int(value)
    if len(value) <= 30 and re.fullmatch(r"-?(0|[1-9][0-9]*)\.[0-9]+", value):
        return float(value)
    return value
