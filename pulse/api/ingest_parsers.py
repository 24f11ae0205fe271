"""Read bodies of numbers: large, often compressed, and never larger than they may be once unpacked."""

from __future__ import annotations

import json
import zlib
from typing import IO, Any

import cramjam
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

from pulse.api.parsers import BodyTooLarge

SENT_AT_MOST = 2 * 1024 * 1024
UNPACKED_AT_MOST = 8 * 1024 * 1024
GZIP = 16 + zlib.MAX_WBITS  # zlib's way to say: with the header of gzip


class UnknownEncoding(APIException):
    status_code = 415
    default_detail = "Send the body as it is, or with Content-Encoding: gzip."


class NotSnappy(APIException):
    status_code = 415
    default_detail = "Send remote write 1.0: application/x-protobuf with Content-Encoding: snappy."


class MetricsParser(BaseParser):
    """JSON (RFC 8259), plain or gzip. NaN and Infinity are read, so that the sample at fault can be named."""

    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:
        body = unpacked(read(stream), encoding_of(parser_context))
        try:
            return json.loads(body)
        except UnicodeDecodeError as error:
            raise ParseError(f"Send UTF-8: byte {error.start} is not.") from None
        except json.JSONDecodeError as error:
            where = f"line {error.lineno}, column {error.colno}"
            raise ParseError(f"Send valid JSON: {error.msg} at {where}.") from None
        except RecursionError:
            raise ParseError("Nest the JSON less deeply.") from None
        except ValueError as error:  # a whole number of too many digits
            raise ParseError(f"Send valid JSON: {error}.") from None


class RemoteWriteParser(BaseParser):
    """A protobuf message in Snappy's block format, whose first bytes say how long it is unpacked."""

    media_type = "application/x-protobuf"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:
        if encoding_of(parser_context) != "snappy":
            raise NotSnappy
        body = read(stream)
        if _length(body) > UNPACKED_AT_MOST:
            raise BodyTooLarge(UNPACKED_AT_MOST)
        try:
            return bytes(cramjam.snappy.decompress_raw(body))
        except cramjam.DecompressionError as error:
            raise ParseError(f"Send valid Snappy in its block format: {error}.") from None


def _length(body: bytes) -> int:
    """The varint at the beginning, of at most 5 bytes (format_description.txt of Snappy)."""
    length = 0
    for place, byte in enumerate(body[:5]):
        length |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return length
    raise ParseError("Send valid Snappy in its block format: its length does not end.")


def read(stream: IO[bytes]) -> bytes:
    body = stream.read(SENT_AT_MOST + 1)
    if len(body) > SENT_AT_MOST:
        raise BodyTooLarge(SENT_AT_MOST)
    return body


def encoding_of(parser_context: Any) -> str:
    request = (parser_context or {}).get("request")
    return request.headers.get("Content-Encoding", "").strip().lower() if request is not None else ""


def unpacked(body: bytes, encoding: str) -> bytes:
    """The body as it was before its encoding; what grows beyond the limit is not unpacked to its end."""
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise UnknownEncoding
    unpacker = zlib.decompressobj(GZIP)
    try:
        plain = unpacker.decompress(body, UNPACKED_AT_MOST + 1)
    except zlib.error as error:
        raise ParseError(f"Send valid gzip: {error}.") from None
    if len(plain) > UNPACKED_AT_MOST:
        raise BodyTooLarge(UNPACKED_AT_MOST)
    if not unpacker.eof or unpacker.unused_data:
        raise ParseError("Send one whole gzip stream: this one ends early, or something follows it.")
    return plain
