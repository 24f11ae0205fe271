"""Assertions as people and scripts write them, and as they are written back."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.assertions.model import Assertion, Operator, Source
from monitors.assertions.reading import as_line, load
from monitors.assertions.setting import asserting
from monitors.assertions.writing import as_json, text
from monitors.probes.dns import SOURCES as DNS
from monitors.probes.http_settings import SOURCES as HTTP
from pulse.fields import FieldError

ALL = frozenset(Source)


def one(line: Any) -> Assertion:
    (assertion,) = load([line], ALL)
    return assertion


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("[STATUS] == 200", Assertion(Source.STATUS, Operator.EQUALS, 200)),
        ("[status]==200", Assertion(Source.STATUS, Operator.EQUALS, 200)),
        ("[STATUS] in 200-299, 304", Assertion(Source.STATUS, Operator.IN, ["200-299", 304])),
        ("[STATUS] not in [500, 503]", Assertion(Source.STATUS, Operator.NOT_IN, [500, 503])),
        ("[STATUS] == any(200, 429)", Assertion(Source.STATUS, Operator.IN, [200, 429])),
        ("[BODY].user.name == \"x\"", Assertion(Source.BODY, Operator.EQUALS, "x", "$.user.name")),
        ("[BODY].user.name == x y", Assertion(Source.BODY, Operator.EQUALS, "x y", "$.user.name")),
        ("[BODY][0].id != 7", Assertion(Source.BODY, Operator.NOT_EQUALS, 7, "$[0].id")),
        ("[BODY]$ is valid {\"type\": \"object\"}", Assertion(Source.BODY, Operator.IS_VALID, {"type": "object"}, "$")),
        ('[BODY].a[?@.b == "] x"].c exists', Assertion(Source.BODY, Operator.EXISTS, None, '$.a[?@.b == "] x"].c')),
        ("[BODY] == pat(*ok*)", Assertion(Source.BODY, Operator.CONTAINS, "ok")),
        ("[BODY] == pat(ok*?.)", Assertion(Source.BODY, Operator.MATCHES, r"(?s)^ok.*.\.$")),
        ("[BODY] != pat(*error*)", Assertion(Source.BODY, Operator.NOT_CONTAINS, "error")),
        ("[BODY] matches [a-z]+", Assertion(Source.BODY, Operator.MATCHES, "[a-z]+")),
        ('[BODY].list == [1, 2]', Assertion(Source.BODY, Operator.EQUALS, [1, 2], "$.list")),
        ('[BODY].list == "[1,2"', Assertion(Source.BODY, Operator.EQUALS, "[1,2", "$.list")),
        ("[BODY] matches \"^ok\"", Assertion(Source.BODY, Operator.MATCHES, "^ok")),
        ("[BODY] not contains \"error\"", Assertion(Source.BODY, Operator.NOT_CONTAINS, "error")),
        ("len([BODY].items) > 3", Assertion(Source.BODY, Operator.MORE, 3, "$.items", length=True)),
        ("has([BODY].errors) == false", Assertion(Source.BODY, Operator.NOT_EXISTS, None, "$.errors")),
        ("has([BODY].data) == true", Assertion(Source.BODY, Operator.EXISTS, None, "$.data")),
        ("[HEADER].Content-Type contains json", Assertion(Source.HEADER, Operator.CONTAINS, "json", "content-type")),
        ("[HEADER].x-a==1", Assertion(Source.HEADER, Operator.EQUALS, 1, "x-a")),
        ("[RESPONSE_TIME] < 500", Assertion(Source.RESPONSE_TIME, Operator.LESS, 500)),
        ("[RESPONSE_TIME] <= 1.5s", Assertion(Source.RESPONSE_TIME, Operator.AT_MOST, 1500)),
        ("[CERTIFICATE_EXPIRATION] > 48h", Assertion(Source.CERTIFICATE_DAYS, Operator.AT_LEAST, 2)),
        ("[CERTIFICATE_EXPIRATION] > 36h", Assertion(Source.CERTIFICATE_DAYS, Operator.MORE, 1.5)),
        ("[CERTIFICATE_EXPIRATION] <= 48h", Assertion(Source.CERTIFICATE_DAYS, Operator.LESS, 2)),
        ("[CERTIFICATE_EXPIRATION] >= 48h", Assertion(Source.CERTIFICATE_DAYS, Operator.AT_LEAST, 2)),
        ("[CERTIFICATE_DAYS] > 48h", Assertion(Source.CERTIFICATE_DAYS, Operator.MORE, 2)),
        ("[DOMAIN_EXPIRATION] > 720h", Assertion(Source.DOMAIN_DAYS, Operator.AT_LEAST, 30)),
        ('[BODY].a == "[BODY].b"', Assertion(Source.BODY, Operator.EQUALS, "[BODY].b", "$.a")),
        ("[CERTIFICATE_DAYS] >= 14 (soft)", Assertion(Source.CERTIFICATE_DAYS, Operator.AT_LEAST, 14, soft=True)),
        ("[IP] == any(127.0.0.1, ::1)", Assertion(Source.IP, Operator.IN, ["127.0.0.1", "::1"])),
        ("[IP] in 10.0.0.0/8", Assertion(Source.IP, Operator.IN, ["10.0.0.0/8"])),
        ("[CONNECTED] == true", Assertion(Source.CONNECTED, Operator.EQUALS, True)),
        ("[DNS_RCODE] == NOERROR", Assertion(Source.RCODE, Operator.EQUALS, "NOERROR")),
    ],
)  # fmt: skip
def test_line_is_read_and_written_so_that_it_is_read_the_same(line: str, expected: Assertion) -> None:
    assert one(line) == expected
    assert one(text(expected)) == expected
    assert one(as_json(expected)) == expected


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("STATUS == 200", "Begin with a source in brackets"),
        ("[NOPE] == 200", "[NOPE] is not known"),
        ("[STATUS] ~ 200", "Write an operator"),
        ("[STATUS]", "Write an operator"),
        ("[STATUS] ==", "Write what is expected after '=='"),
        ("[STATUS].x == 200", "it has no parts"),
        ("[HEADER] contains json", "Name the header"),
        ("[BODY] matches \"(\"", "RE2 says"),
        (r'[BODY] matches "(?=x)"', "RE2 says"),
        ("[BODY] matches \"(((a{100}){100}){100})\"", "RE2 says"),
        ("[BODY] matches 'x'", "double quotes"),
        ("[BODY].a == [BODY].b", '[BODY] cannot stand on the right: write a value, or "[BODY]" in quotes'),
        ("[STATUS] == [DNS_RCODE]", '"[DNS_RCODE]" in quotes for that text'),
        ("[STATUS] in [STATUS], 200", "[STATUS] cannot stand on the right"),
        ("[BODY].list == [1,2", "begins with [; a text that begins so is written in double quotes"),
        ('[BODY] contains {"a": 1', "begins with {; a text that begins so"),
        ("[BODY].a in [1, 2", 'as in ["a", "b"]'),
        ("[BODY].a in [a, b]", 'as in ["a", "b"]'),
        ('[BODY].a in "a", b', 'as in ["a", "b"]'),
        ("[CONNECTED] == false", "Leave it out: "),
        ("[CONNECTED] != true (soft)", "stands upside down is up just then"),
        ("[IP] in 10.0.0.1/8", "a network with zeros after its prefix"),
        ("[BODY].user-name == 1", '["user-name"]'),
        ("[BODY][ == 1", "operator"),
        ("[BODY] is valid {\"type\": \"objekt\"}", "Correct the JSON Schema"),
        ("[BODY] is valid {\"$ref\": \"https://example.com/a\"}", "within the schema"),
        ("[BODY] is valid {\"pattern\": \"(?=x)\"}", "RE2 says"),
        ("[BODY] is valid {", "Correct the JSON Schema"),
        ("[RESPONSE_TIME] < fast", "Write a number"),
        ("[RESPONSE_TIME] contains 5", "it is a number"),
        ("[IP] == example.com", "Write an address"),
        ("[CONNECTED] == yes", "Write true or false"),
        ("[STATUS] in 299-200", "from low to high"),
        ("len([STATUS]) == 3", "has no length"),
        ("len([BODY].items == 3", "Close the bracket"),
        ("has([BODY].items) > 3", "== true or == false"),
        ("[BODY] exists now", "Remove what stands after"),
        ("[BODY] == \"" + "x" * 2000 + "\"", "Shorten"),
        ("[BODY] matches \"" + "x" * 501 + "\"", "Shorten the pattern"),
        ({"source": "body", "operator": "is", "expected": 1}, "as the operator"),
        ({"source": "nope", "operator": "equals", "expected": 1}, "as the source"),
        ({"source": "body", "operator": "equals", "expectd": 1}, "'expectd'"),
        ({"source": "body", "operator": "equals", "soft": 1}, "true or false for soft"),
        ({"source": "body", "operator": "equals", "name": "a"}, "Begin the JSONPath with $"),
        ({"source": "body", "operator": "equals", "name": "$ .a"}, "Remove the blanks"),
        ({"source": "body", "operator": "equals", "expected": float("nan")}, "as JSON"),
        (7, "Write it as text"),
    ],
)  # fmt: skip
def test_complaint_names_the_line_and_says_what_to_write(line: Any, words: str) -> None:
    with pytest.raises(FieldError) as complaint:
        load(["[CONNECTED] == true", line], ALL)

    assert str(complaint.value).startswith("Line 2: ")
    assert words in str(complaint.value)


def test_source_of_another_kind_of_check_is_told_with_the_list_of_what_there_is() -> None:
    with pytest.raises(FieldError) as complaint:
        asserting(Source.IP, Source.RESPONSE_TIME).read(["[STATUS] == 200"])

    assert "there are [RESPONSE_TIME], [IP]" in str(complaint.value)


@pytest.mark.parametrize(
    ("sources", "item", "begins", "ends"),
    [
        (HTTP, "[DOMAIN_EXPIRATION] > 720h", "[DOMAIN_EXPIRATION] is", "kind domain asks the registry for it."),
        (HTTP, "[records] exists", "[RECORDS] is not known to this kind of check; there are", "[ISSUER]."),
        (HTTP, {"source": "loss", "operator": "exists"}, "[LOSS] is not known", "[ISSUER]."),
        (DNS, "[BODY] contains x", "[BODY] is not known", "[RECORDS] instead: they are what is answered."),
        (DNS, "[NOPE] == 1", "[NOPE] is not known", "[RESPONSE_TIME], [IP], [CONNECTED], [RECORDS], [RCODE]."),
        (DNS, {"source": "nope", "operator": "exists"}, "Use one of", " ip, connected, records, rcode."),
    ],
)  # fmt: skip
def test_a_source_that_this_kind_has_not_is_told_as_it_was_written(
    sources: tuple[Source, ...], item: Any, begins: str, ends: str
) -> None:
    with pytest.raises(FieldError) as complaint:
        load([item], frozenset(sources))

    assert str(complaint.value).startswith(f"Line 1: {begins}")
    assert str(complaint.value).endswith(ends)


def test_all_lines_that_are_wrong_are_told_at_once() -> None:
    with pytest.raises(FieldError) as complaint:
        load(["[STATUS] ~ 1", "", "[STATUS] == 200", 7, "[NOPE] == 1"], ALL)

    assert [sentence.partition(":")[0] for sentence in complaint.value.sentences] == [
        "Line 1",
        "Line 4",
        "Line 5",
    ]
    assert str(complaint.value) == " ".join(complaint.value.sentences)


def test_more_than_fifty_are_too_many() -> None:
    with pytest.raises(FieldError, match="at most 50"):
        load(["[STATUS] == 200"] * 51, ALL)
    assert len(load(["[STATUS] == 200", ""] * 50, ALL)) == 50


@pytest.mark.parametrize(
    "item",
    [
        '[BODY] contains "a\\u0000b"',
        '[BODY].a == "\\ud800"',
        '[BODY] is valid {"const": "\\u0000"}',
        '[BODY] is valid {"properties": {"\\udfff": {}}}',
        '[STATUS] in ["\\u0000"]',
        "[SIZE] < " + "9" * 400,
        {"source": "size", "operator": "less", "expected": 10**400},
        {"source": "body", "operator": "in", "expected": [10**400]},
    ],
)
def test_what_nothing_can_hold_or_compare_is_refused(item: Any) -> None:
    with pytest.raises(FieldError, match="Line 1: "):
        load([item], ALL)


def test_empty_lines_are_left_out() -> None:
    assert load(["", "[STATUS] == 200", "  "], ALL) == (Assertion(Source.STATUS, Operator.EQUALS, 200),)


def test_setting_stores_objects_and_shows_lines() -> None:
    setting = asserting(Source.STATUS)

    read = setting.read(["[STATUS] == 200 (soft)"])

    assert setting.write(read) == [{"source": "status", "operator": "equals", "expected": 200, "soft": True}]
    assert setting.read(setting.write(read)) == read
    assert setting.show is not None
    assert setting.show(setting.write(read)) == "[STATUS] == 200 (soft)"


@pytest.mark.parametrize(
    ("saved", "shown"),
    [
        ({"source": "connected", "operator": "equals", "expected": False}, "[CONNECTED] == false"),
        (
            {"source": "status", "operator": "~", "expected": 1},
            '{"source": "status", "operator": "~", "expected": 1}',
        ),
        (
            {"source": "status", "operator": "in", "expected": 1},
            '{"source": "status", "operator": "in", "expected": 1}',
        ),
        (7, "7"),
    ],
)
def test_what_another_version_took_is_shown_to_be_corrected(saved: Any, shown: str) -> None:
    assert as_line(saved) == shown


FLOATS = st.floats(allow_nan=False, allow_infinity=False)
STORABLE = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | FLOATS | st.text(STORABLE, max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(STORABLE, max_size=5), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
SCALARS = st.text(STORABLE, max_size=20) | st.integers(-(10**9), 10**9) | st.booleans()
PATHS = st.sampled_from(
    ["", "$", "$.a.b", "$[0]['x y']", '$..a[?@.b == "] (soft)"]', "$['\\'']", "$[?@.a<1 && @.b>2].c"]
)


@st.composite
def assertions(draw: st.DrawFn) -> Assertion:
    source = draw(st.sampled_from([Source.BODY, Source.HEADER, Source.RCODE, Source.RECORDS, Source.ISSUER]))
    operator = draw(st.sampled_from([one for one in Operator if one is not Operator.IS_VALID]))
    expected: Any = None
    if operator in (Operator.EQUALS, Operator.NOT_EQUALS):
        expected = draw(JSON)
    elif operator in (Operator.LESS, Operator.AT_MOST, Operator.MORE, Operator.AT_LEAST):
        expected = draw(st.integers(-(10**9), 10**9) | FLOATS)
    elif operator in (Operator.CONTAINS, Operator.NOT_CONTAINS):
        expected = draw(SCALARS.filter(lambda value: value != ""))
    elif operator in (Operator.MATCHES, Operator.NOT_MATCHES):
        expected = draw(st.from_regex(r"[a-z\"\\ (]{1,3}", fullmatch=True).map(_escaped))
    elif operator in (Operator.IN, Operator.NOT_IN):
        expected = draw(st.lists(SCALARS, min_size=1, max_size=4))
    name = draw(PATHS) if source is Source.BODY else "x-a!" if source is Source.HEADER else ""
    return Assertion(source, operator, expected, name, soft=draw(st.booleans()))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(")


@settings(max_examples=300, deadline=None)
@given(assertions())
def test_any_assertion_survives_both_of_its_forms(assertion: Assertion) -> None:
    line = text(assertion)

    assert line.isprintable()
    assert load([line], ALL) == (assertion,)
    assert load([as_json(assertion)], ALL) == (assertion,)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.text(alphabet='[]BODYSTAUS.=!<> "\\(){}0$?@', max_size=60))
def test_any_text_is_read_or_complained_about(line: str) -> None:
    try:
        found = load([line], ALL)
    except FieldError:
        return
    for assertion in found:
        assert load([text(assertion)], ALL) == (assertion,)


def test_patterns_that_are_each_fine_may_be_too_much_together() -> None:
    lines = [f'[BODY] matches "a.{{0,290}}{letter}"' for letter in "bcdefghij"]

    load(lines[:2], frozenset({Source.BODY}))
    with pytest.raises(FieldError, match="too costly"):
        load(lines, frozenset({Source.BODY}))
