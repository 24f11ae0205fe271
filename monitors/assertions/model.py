"""An assertion: a source, an operator, what is expected, and whether its failure means down or degraded."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Source(StrEnum):
    """Where a value comes from; the name in the text form is the value in capitals: [STATUS]."""

    STATUS = "status"  # of an HTTP answer; also a gRPC health status as a word
    RESPONSE_TIME = "response_time"  # milliseconds, everything included
    HEADER = "header"  # with a name
    BODY = "body"  # text; with a path, the value that the JSONPath finds
    SIZE = "size"  # bytes of the body
    CERTIFICATE_DAYS = "certificate_days"  # until the first certificate of the chain expires
    DOMAIN_DAYS = "domain_days"
    IP = "ip"  # the address that answered
    CONNECTED = "connected"
    ANSWER = "answer"  # text of a non-HTTP answer: banner, received bytes, first value of a query
    RECORDS = "records"  # DNS: the values of the answer
    RCODE = "rcode"  # DNS: NOERROR, NXDOMAIN, ...
    LOSS = "loss"  # ICMP: percent
    JITTER = "jitter"  # ICMP: milliseconds
    ROWS = "rows"  # of a query
    ISSUER = "issuer"


class Operator(StrEnum):
    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    LESS = "less"
    AT_MOST = "at_most"
    MORE = "more"
    AT_LEAST = "at_least"
    CONTAINS = "contains"
    NOT_CONTAINS = "not_contains"
    MATCHES = "matches"  # an RE2 pattern found anywhere
    NOT_MATCHES = "not_matches"
    IN = "in"  # a list; for a status also ranges: "200-299"; for an address also networks
    NOT_IN = "not_in"
    EXISTS = "exists"
    NOT_EXISTS = "not_exists"
    IS_VALID = "is_valid"  # a JSON Schema


# What may be JSON, so that a JSONPath leads into it.
WITH_PATH = frozenset({Source.BODY, Source.ANSWER})
# Numbers that may be written with a unit of time, and what one of them is in seconds.
SECONDS = {Source.RESPONSE_TIME: 0.001, Source.CERTIFICATE_DAYS: 86_400, Source.DOMAIN_DAYS: 86_400}
ORDERS = frozenset({Operator.LESS, Operator.AT_MOST, Operator.MORE, Operator.AT_LEAST})
WITHOUT_EXPECTED = frozenset({Operator.EXISTS, Operator.NOT_EXISTS})


@dataclass(frozen=True, slots=True)
class Assertion:
    """`name` is a header's name or a JSONPath (RFC 9535, "$.user.name"), else empty.

    `expected` is JSON: a number, a text, a boolean, null, a list or, for `is_valid`, a schema. `soft`: its
    failure means degraded, not down. `length`: about how long the value is (characters, items, members).
    """

    source: Source
    operator: Operator
    expected: Any = None
    name: str = ""
    soft: bool = False
    length: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """An assertion with the value that was there: `value` is JSON, text cut at 200 characters.

    `problem` says why there was no value ("it is not JSON"); then the assertion has failed.
    """

    assertion: Assertion
    ok: bool
    value: Any = None
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """As evidence keeps it."""
        from monitors.assertions.writing import text  # noqa: PLC0415  # writing reads the model

        return {
            "assertion": text(self.assertion),
            "soft": self.assertion.soft,
            "ok": self.ok,
            "value": self.value,
            "problem": self.problem,
        }
