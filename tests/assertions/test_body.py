"""What came back is decoded by a charset that the web has, and read as JSON within bounds."""

import encodings
import json
from random import Random
from time import thread_time
from typing import Any

import pytest

from monitors.assertions import decoding
from monitors.assertions.body import Body, parse_json
from monitors.assertions.judging import judge
from monitors.assertions.model import Checked, Source
from monitors.assertions.reading import load


def checked(line: str, raw: bytes) -> Checked:
    [found] = judge(load([line], frozenset(Source)), {Source.BODY: Body(raw)})
    return found


@pytest.mark.parametrize(
    ("raw", "charset", "text"),
    [
        (b"gr\xfc\xdfe", "iso-8859-1", "grüße"),
        (b"gr\xfc\xdfe \x80", "latin1", "grüße €"),
        (b"\x81\x8d a", "windows-1252", "\ufffd\ufffd a"),
        (b"\xcf\xf0\xe8", "windows-1251", "При"),
        (b"\xf0\xd2\xc9", "KOI8-R", "При"),
        ("grüße".encode(), "no-such-charset", "grüße"),
        ("\ufeffok".encode(), "utf-8", "ok"),
        ("ok".encode("utf-16"), "UTF-16", "ok"),
        ("ok".encode("utf-16-be"), "utf-16be", "ok"),
        ("ok".encode("utf-32"), "utf-32", "ok"),
        (b"ok\xff", '"utf-8"', "ok\ufffd"),
        ("日本".encode("shift_jis"), "Shift_JIS", "日本"),
        ("日本".encode("euc_jp"), "euc-jp", "日本"),
        ("日本".encode("iso2022_jp"), "iso-2022-jp", "日本"),
        ("日本".encode("gbk"), "gb2312", "日本"),
        ("日本".encode("big5"), "big5", "日本"),
        ("한국".encode("euc_kr"), "ks_c_5601-1987", "한국"),
        (b"x", "zip", "x"),
        (b"\\u0041", "unicode_escape", "\\u0041"),
        (b"\\u0041", "raw_unicode_escape", "\\u0041"),
        (b"+AGE-", "utf-7", "+AGE-"),
        (b"x", "\0", "x"),
    ],
)
def test_body_is_decoded_by_its_charset(raw: bytes, charset: str, text: str) -> None:
    assert Body(raw, charset).text == text


@pytest.mark.parametrize(
    "charset", sorted({codec: label for label, codec in decoding.LABELS.items()}.values())
)
@pytest.mark.parametrize("start", [b"", b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff"])
def test_no_body_is_beyond_decoding(charset: str, start: bytes) -> None:
    body = start + Random(charset).randbytes(300_001)

    assert Body(body, charset).text
    assert Body(body[:1000], charset).text == Body(body[:1000], charset.upper()).text


@pytest.mark.parametrize("mark", [b"\xff\xfe", b""])
def test_utf_16_is_little_endian_unless_its_mark_says_otherwise(mark: bytes) -> None:
    assert Body(mark + "grün".encode("utf-16-le"), "utf-16").text == "grün"
    assert Body(b"\xfe\xff" + "grün".encode("utf-16-be"), "utf-16").text == "grün"


@pytest.mark.parametrize(("charset", "codec"), [("utf-8", "utf-8"), ("gbk", "gb18030"), ("utf-16", "utf-16")])
def test_a_character_between_two_pieces_stays_whole(charset: str, codec: str) -> None:
    text = "a" + "中" * 200_000

    assert Body(text.encode(codec), charset).text == text


@pytest.mark.parametrize(
    "charset", ["cp874", "windows-1250", "windows-1252", "windows-1258", "iso-8859-1", "utf-7"]
)
@pytest.mark.parametrize("unit", [b"\xff", b"\x81", b"+A"])
def test_a_body_that_means_nothing_takes_no_longer(charset: str, unit: bytes) -> None:
    """Python asks its handler of errors for each byte: half a second for a MiB in some charsets."""
    body = Body((unit * (4 << 20))[: 4 << 20], charset)
    began = thread_time()

    assert len(body.text) >= 2 << 20
    assert thread_time() - began < 0.5


def test_a_charset_that_nobody_knows_is_not_remembered() -> None:
    before = len(encodings._cache)

    assert [Body(b"x", f"no-such-{number}").text for number in range(50)] == ["x"] * 50
    assert len(encodings._cache) == before


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("1e999", "it has a number that is too large"),
        ("[-1E+400]", "it has a number that is too large"),
        ("9" * 5000, "it has a number that is too large"),
        ("[NaN]", "it is not JSON (a number that JSON has not)"),
        ("-Infinity", "it is not JSON (a number that JSON has not)"),
    ],
)
def test_numbers_that_nothing_can_be_done_with_are_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match="it ") as complaint:
        parse_json(text)

    assert str(complaint.value) == problem


def test_a_number_of_thousands_of_digits_is_a_mismatch() -> None:
    found = checked('[BODY] is valid {"items": {"multipleOf": 0.5}}', b"[%s]" % (b"9" * 4200))

    assert (found.ok, found.problem) == (
        False,
        "the value holds a number that is too large to be computed with",
    )


def test_what_an_assertion_found_can_be_kept() -> None:
    found = checked("[BODY].x < 5", b'{"x": 1e999}')

    assert (found.ok, found.problem) == (False, "the body has a number that is too large")
    json.dumps(found.as_json(), allow_nan=False)


def test_json_is_read_of_a_mib_at_most() -> None:
    def body(size: int) -> bytes:
        return b'{"x": "%s"}' % (b"a" * (size - len(b'{"x": ""}')))

    assert checked("[BODY].x exists", body(1 << 20)).ok
    found: Any = checked("[BODY].x exists", body((1 << 20) + 1))
    assert (found.ok, found.problem) == (False, "the body is larger than 1 MiB, too large to be read as JSON")
    assert checked("[BODY] contains aa", body((1 << 20) + 1)).ok
