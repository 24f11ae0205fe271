"""What assertions come to for what was found, and that no body, path or schema makes judging long."""

import json
from time import thread_time
from typing import Any

import pytest

from monitors.assertions.body import Body
from monitors.assertions.judging import judge, takes_long, verdict
from monitors.assertions.model import Checked, Source
from monitors.assertions.reading import load
from pulse.fields import FieldError

BODY = {
    "user": {"name": "Ada", "age": 36, "admin": True, "note": None},
    "items": [{"id": 1, "tags": ["a", "b"]}, {"id": 2, "tags": []}, {"id": 3}],
    "version": "12",
    "errors": [],
}
FACTS: dict[Source, Any] = {
    Source.STATUS: 200,
    Source.RESPONSE_TIME: 120.5,
    Source.HEADER: {"content-type": "application/json", "content-length": "321", "x-cached": "true"},
    Source.BODY: Body(json.dumps(BODY).encode()),
    Source.SIZE: 321,
    Source.CERTIFICATE_DAYS: 12,
    Source.IP: "2001:db8::7",
    Source.CONNECTED: True,
    Source.RECORDS: ["192.0.2.1", "192.0.2.2"],
    Source.RCODE: "NOERROR",
    Source.ANSWER: "PONG\r\n",
}


def checked(line: Any, facts: dict[Source, Any] | None = None) -> Checked:
    (found,) = judge(load([line], frozenset(Source)), facts or FACTS)
    return found


@pytest.mark.parametrize(
    "line",
    [
        "[STATUS] == 200",
        "[STATUS] in 200-299",
        "[STATUS] not in 300-399, 500",
        "[RESPONSE_TIME] < 500ms",
        "[RESPONSE_TIME] <= 120.5",
        "[STATUS] <= 201",
        "[HEADER].Content-Type contains json",
        "[HEADER].content-length == 321",
        "[HEADER].content-length < 400",
        "[HEADER].x-cached == true",
        "[HEADER].x-none not exists",
        "[BODY].user.name == Ada",
        '[BODY].user.name matches "^A"',
        '[BODY].user.name not matches "^B"',
        "[BODY].user.age > 35",
        "[BODY].user.age == 36.0",
        '[BODY].user.age == "36"',
        "[BODY].version == 12",
        "[BODY].version >= 12",
        "[BODY].user.admin == true",
        "[BODY].user.note == null",
        "[BODY].user.note exists",
        "[BODY].user.age != null",
        "[BODY].user.phone not exists",
        "has([BODY].user.phone) == false",
        "len([BODY].items) == 3",
        "len([BODY]..id) == 3",
        "len([BODY].user) == 4",
        "[BODY]..id contains 2",
        "[BODY].items[?@.id == 2].id == 2",
        '[BODY].items[?search(@.id, "x")] not exists',
        "[BODY].items[0].tags == [\"a\", \"b\"]",
        "[BODY].user contains name",
        "[BODY] contains Ada",
        '[BODY] is valid {"required": ["user"], "properties": {"user": {"type": "object"}}}',
        '[BODY].items is valid {"items": {"required": ["id"]}, "uniqueItems": true}',
        "[IP] == 2001:0db8:0:0::7",
        "[IP] in 192.0.2.0/24, 2001:db8::/32",
        "[CONNECTED] == true",
        '[RECORDS] == ["192.0.2.2", "192.0.2.1"]',
        "[RECORDS] contains 192.0.2.2",
        "len([RECORDS]) == 2",
        "[RCODE] == NOERROR",
        "[ANSWER] contains PONG",
        "[ANSWER] not contains pong",
        "[RECORDS] not contains 192.0.2.3",
        "[BODY].user not contains phone",
    ],
)  # fmt: skip
def test_what_is_as_asserted_holds(line: str) -> None:
    found = checked(line)

    assert (found.ok, found.problem) == (True, "")


@pytest.mark.parametrize(
    ("line", "value", "problem"),
    [
        ("[STATUS] == 201", 200, ""),
        ("[STATUS] <= 199", 200, ""),
        ("[STATUS] < 200", 200, ""),
        ("[BODY].user.name <= 5", "Ada", "a text cannot be compared with a number"),
        ("[ANSWER] not contains PONG", "PONG\r\n", ""),
        ("[RECORDS] not contains 192.0.2.1", ["192.0.2.1", "192.0.2.2"], ""),
        ("[BODY].user not contains name", BODY["user"], ""),
        ("[HEADER].x-none not contains a", None, "there is no such header"),
        ("[BODY].user.name < 5", "Ada", "a text cannot be compared with a number"),
        ("[BODY].user.admin > 0", True, "a boolean cannot be compared with a number"),
        ("[BODY].user.phone == 1", None, "the body has nothing there"),
        ("[BODY].user.phone != 1", None, "the body has nothing there"),
        ("[BODY].user exists now".removesuffix(" now"), None, None),
        ("[BODY].user not exists", BODY["user"], ""),
        ("[HEADER].x-none == 1", None, "there is no such header"),
        ("[HEADER].x-none != 1", None, "there is no such header"),
        ("[BODY].user matches x", BODY["user"], "an object cannot match a pattern"),
        ("[BODY].user.age == true", 36, ""),
        ("[BODY].user.admin == 1", True, ""),
        ("[BODY].user.admin == \"1\"", True, ""),
        ("[BODY].user in 1, 2", BODY["user"], "an object cannot be one of a list"),
        ("len([BODY].user.age) == 2", None, "a number has no length"),
        ('[BODY].user is valid {"properties": {"age": {"maximum": 30}}}', BODY["user"], '$.age does not fit "maximum"'),
        ("[ANSWER].a == 1", None, "the answer is not JSON (line 1, column 1)"),
        ("[DOMAIN_DAYS] > 7", None, "the check brought none"),
    ],
)  # fmt: skip
def test_what_is_not_so_keeps_its_value_or_says_why_there_is_none(
    line: str, value: Any, problem: str | None
) -> None:
    found = checked(line)

    if problem is None:
        assert found.ok
    else:
        assert (found.ok, found.value, found.problem) == (False, value, problem)


def test_an_answer_that_is_a_list_already_has_items() -> None:
    facts = {**FACTS, Source.ANSWER: ["master", 7, [["10.0.0.2", "6379"]]]}

    assert checked("[ANSWER][0] == master", facts).ok
    assert checked("[ANSWER][2][0][1] == 6379", facts).ok
    assert checked("len([ANSWER]) == 3", facts).ok
    assert checked("[ANSWER][9] == x", facts).problem == "the answer has nothing there"


def test_all_are_judged_and_the_first_hard_one_gives_the_words() -> None:
    lines = ["[CERTIFICATE_DAYS] > 14 (soft)", "[STATUS] == 503", "[CONNECTED] == true", "[SIZE] < 5"]

    found = judge(load(lines, frozenset(Source)), FACTS)
    failed = verdict(found)

    assert [one.ok for one in found] == [False, False, True, False]
    assert failed is not None
    assert (failed.words, failed.soft) == ("[STATUS] == 503 failed: it was 200 (2 more failed)", False)


def test_only_soft_failures_are_soft() -> None:
    failed = verdict(judge(load(["[CERTIFICATE_DAYS] > 14 (soft)"], frozenset(Source)), FACTS))

    assert failed is not None
    assert (failed.words, failed.soft) == ("[CERTIFICATE_DAYS] > 14 failed: it was 12", True)


@pytest.mark.parametrize(
    "line", ['[BODY].user.name == "Bob"', '[HEADER].content-type == "x"', '[ANSWER] == "x"', '[BODY] == "x"']
)
def test_content_of_an_answer_is_never_in_the_words(line: str) -> None:
    failed = verdict([checked(line)])

    assert failed is not None
    assert failed.words == f"{line} failed"


def test_evidence_holds_the_line_and_a_long_text_cut() -> None:
    facts = {Source.BODY: Body(b"x" * 1000)}

    assert checked("[BODY] contains y (soft)", facts).as_json() == {
        "assertion": '[BODY] contains "y" (soft)',
        "soft": True,
        "ok": False,
        "value": "x" * 199 + "…",
        "problem": "",
    }
    kept = checked("[BODY]$ not exists", {Source.BODY: Body(json.dumps(list(range(1000))).encode())}).value
    assert kept.startswith("[0, 1, 2")
    assert len(kept) == 200


MIB = 1 << 20
HOSTILE_BODIES = {
    "brackets": b"[" * MIB,
    "objects": b'{"a":' * (MIB // 5),
    "nested": b"[" * 900 + b"]" * 900,
    "wide": b"[" + b"1," * (MIB // 2 - 2) + b"1]",
    "objects in a list": b"[" + b'{"a":[1,2]},' * (MIB // 13) + b"{}]",
    "long text": b'"' + b"a" * (MIB - 2) + b'"',
    "binary": bytes(range(256)) * (MIB // 256),
    "number": b"9" * MIB,
    "not a number": b"[NaN]",
    "half a pair": b'"\\ud800"',
    "empty": b"",
}
HOSTILE_LINES = [
    "[BODY]$ == 1",
    "[BODY]$..a == 1",
    "[BODY]$..[?@..b || $..b] exists",
    "[BODY]$[?$[0] == $[1]] exists",
    "[BODY]$[?@ == $] exists",
    '[BODY]$[?search(@, "(a|b)*c")] exists',
    '[BODY] matches "(a*)*$b"',
    '[BODY]$ is valid {"$ref": "#"}',
    '[BODY]$ is valid {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}',
    '[BODY]$ is valid {"items": {"anyOf": [{"type": "string"}, {"type": "null"}]}, "uniqueItems": true}',
    '[BODY]$ is valid {"additionalProperties": {"pattern": "(a|a)*$"}, "pattern": "(a|a)*b$"}',
    '[BODY]$ is valid {"$ref": "#/$defs/none"}',
    f'[BODY]$ is valid {json.dumps({"anyOf": [{"type": "null"}] * 500})}',
    "len([BODY]$..*) > 5",
    "[BODY]..* contains 3",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE_BODIES)
def test_hostile_body_never_makes_judging_long_or_break(name: str) -> None:
    body = HOSTILE_BODIES[name]
    assertions = load(HOSTILE_LINES, frozenset(Source))

    began = thread_time()  # its own work, not what others do to this machine
    found = judge(assertions, {Source.BODY: Body(body)})

    assert len(found) == len(HOSTILE_LINES)
    assert thread_time() - began < 1.5
    json.dumps([one.as_json() for one in found])


def test_large_bodies_that_are_looked_at_are_for_a_thread() -> None:
    facts = {Source.BODY: Body(b"[" + b"1," * 100_000 + b"1]")}

    assert takes_long(load(["[BODY][0] == 1"], frozenset(Source)), facts)
    assert takes_long(load(["[BODY] contains x"], frozenset(Source)), facts)
    assert not takes_long(load(["[STATUS] == 200"], frozenset(Source)), facts)
    assert not takes_long(load(["[BODY].user.name == Ada"], frozenset(Source)), FACTS)


# Where RE2 has to follow all that a repetition may mean, and none of its states comes again.
HEAVY = [f'[BODY] matches "(\\\\w{{1,10}}\\\\s?){{1,40}}z{number}"' for number in range(50)]


@pytest.mark.parametrize("pattern", [".{0,900}y", "x.{0,900}y", "\\\\pL{1,20}", "(.{0,200}){3}"])
def test_a_pattern_that_compiles_to_much_is_refused(pattern: str) -> None:
    with pytest.raises(FieldError, match="Simplify the pattern"):
        load([f'[BODY] matches "{pattern}"'], frozenset(Source))


@pytest.mark.parametrize(
    "pattern", [".{0,300}y", "\\\\pL+ \\\\pL+", "\\\\w{1,50}@\\\\w{1,50}", "(?i)(error|fatal)"]
)
def test_what_people_write_is_not(pattern: str) -> None:
    assert load([f'[BODY] matches "{pattern}"'], frozenset(Source))


def test_heavy_patterns_are_judged_beside_the_loop_and_end_soon() -> None:
    assertions = tuple(load([line], frozenset(Source))[0] for line in HEAVY)  # together they would be refused
    facts = {Source.BODY: Body(b"x" * 16_000)}

    assert takes_long(assertions, facts)
    began = thread_time()
    checked = judge(assertions, facts)

    assert thread_time() - began < 2
    assert "take too long" in checked[-1].problem


def test_a_pattern_within_a_path_or_a_schema_is_judged_beside_the_loop() -> None:
    facts = {Source.BODY: Body(b'["x"]')}

    assert takes_long(load(['[BODY][?match(@, "x{100}")] == "x"'], frozenset(Source)), facts)
    assert takes_long(load(['[BODY] is valid {"items": {"pattern": "x{100}"}}'], frozenset(Source)), facts)


def test_a_long_header_or_answer_counts_as_a_body_does() -> None:
    heavy = '"(\\\\w{1,10}\\\\s?){1,40}z"'

    assert takes_long(
        load([f"[HEADER].x matches {heavy}"], frozenset(Source)), {Source.HEADER: {"x": "x" * 16_000}}
    )
    assert takes_long(load([f"[ANSWER] matches {heavy}"], frozenset(Source)), {Source.ANSWER: "x" * 16_000})
    assert not takes_long(load(['[ANSWER] matches "^220 "'], frozenset(Source)), {Source.ANSWER: "220 mail"})
