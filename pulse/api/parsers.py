"""Read a JSON body: strictly, up to a limit, with the place of what is wrong."""

from __future__ import annotations

import json
from math import isfinite
from typing import IO, Any

from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

from pulse.fields import is_storable

BODY_AT_MOST = 64 * 1024
MANY_AT_MOST = 4 * 1024 * 1024


class BodyTooLarge(APIException):
    status_code = 413

    def __init__(self, most: int) -> None:
        super().__init__(f"Send a body of at most {most:,} bytes.")


class StrictJSONParser(BaseParser):
    """UTF-8 JSON (RFC 8259): finite numbers, no name twice in an object, only text that PostgreSQL can store."""

    media_type = "application/json"
    at_most = BODY_AT_MOST

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:
        body = stream.read(self.at_most + 1)
        if len(body) > self.at_most:
            raise BodyTooLarge(self.at_most)
        try:
            data = json.loads(
                body.decode("utf-8"),
                parse_constant=_refuse_constant,
                parse_float=_finite,
                object_pairs_hook=_unique,
            )
        except UnicodeDecodeError as error:
            raise ParseError(f"Send UTF-8: byte {error.start} is not.") from None
        except json.JSONDecodeError as error:
            where = f"line {error.lineno}, column {error.colno}"
            raise ParseError(f"Send valid JSON: {error.msg} at {where}.") from None
        except RecursionError:
            raise ParseError("Nest the JSON less deeply.") from None
        except ValueError as error:
            raise ParseError(f"Send valid JSON: {error}.") from None
        if not is_storable(data):
            raise ParseError(
                "Remove NUL (\\u0000) and unpaired surrogates (\\ud800 to \\udfff) from the body."
            )
        return data


class ManyJSONParser(StrictJSONParser):
    """For requests that describe up to a thousand things."""

    at_most = MANY_AT_MOST


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not isfinite(number):
        raise ValueError(f"the number {digits[:20]} is too large")
    return number


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice[:40]!r} stands twice in one object")
    return dict(pairs)
