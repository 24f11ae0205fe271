"""The form says at the field what the API says, and keeps what was typed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from monitors import definition
from monitors.assertions.model import WITH_PATH
from monitors.assertions.reading import load
from monitors.assertions.setting import examples
from monitors.forms import MonitorForm
from monitors.models import Monitor
from monitors.probes import PROBES
from monitors.secrets import KEPT
from pulse.scoping import in_tenant
from tests.api.making import UNKNOWN

GOOD = {
    "name": "Shop", "target": "http://127.0.0.1:9/", "interval_seconds": "30", "timeout_seconds": "5", "method": "HEAD",
    "expected_status": "200-299", "response_time_limit_ms": "800", "down_after": "2", "up_after": "1", "enabled": "on",
}  # fmt: skip


@pytest.fixture
def inside(acme: Any) -> Iterator[None]:
    with in_tenant(acme):
        yield


@pytest.mark.usefixtures("inside")
def test_typed_text_becomes_a_definition() -> None:
    form = MonitorForm(GOOD)

    assert form.is_valid(), form.errors
    assert {
        "method": "HEAD",
        "expected_status": "200-299",
        "response_time_limit_ms": 800,
    }.items() <= form.cleaned_data["config"].items()
    assert form.cleaned_data | {"config": {}} == definition.DEFAULTS | {
        "name": "Shop",
        "kind": "http",
        "target": "http://127.0.0.1:9/",
        "interval_seconds": 30,
        "timeout_seconds": 5,
        "policy": definition.DEFAULTS["policy"] | {"down_after": 2, "up_after": 1},
        "enabled": True,
    }


@pytest.mark.parametrize("kind", [kind for kind, probe in PROBES.items() if probe.sources])
def test_the_assertions_that_a_form_shows_as_examples_are_accepted(kind: str) -> None:
    shown = examples(PROBES[kind].sources)

    assert shown
    assert len(load(shown, PROBES[kind].sources)) == len(shown)


@pytest.mark.parametrize("kind", [kind for kind, probe in PROBES.items() if probe.sources])
def test_the_help_of_assertions_tells_of_a_schema_where_one_is_accepted(kind: str) -> None:
    sources = PROBES[kind].sources
    (setting,) = (one for one in PROBES[kind].settings.all if one.name == "assertions")

    lines = re.findall(r"\[[A-Z]+\] is valid \{.*\}(?=\. )", setting.help)

    assert len(lines) == (1 if WITH_PATH & sources else 0)
    assert len(load(lines, sources)) == len(lines)


@pytest.mark.parametrize("kind", PROBES)
@pytest.mark.usefixtures("inside")
def test_a_target_that_no_kind_can_read_is_refused_at_its_field(kind: str) -> None:
    form = MonitorForm({**GOOD, "target": "exa mple"}, kind=kind)

    assert not form.is_valid()
    assert "target" in form.errors


@pytest.mark.parametrize(
    ("field", "typed", "pointer"),
    [
        ("name", " ", "/name"),
        ("target", "", "/target"),
        ("target", "ftp://example.com/", "/target"),
        ("target", "http://user:secret@example.com/", "/target"),
        ("target", "http://169.254.169.254/", "/target"),
        ("interval_seconds", "", "/interval_seconds"),
        ("interval_seconds", "1e3", "/interval_seconds"),
        ("interval_seconds", "4", "/interval_seconds"),
        ("timeout_seconds", "30", "/timeout_seconds"),
        ("timeout_seconds", "²", "/timeout_seconds"),
        ("method", "BREW TEA", "/config/method"),
        ("expected_status", "teapot", "/config/expected_status"),
        ("response_time_limit_ms", "0", "/config/response_time_limit_ms"),
        ("down_after", "21", "/policy/down_after"),
        ("up_after", "-1", "/policy/up_after"),
    ],
)
def test_form_and_api_complain_in_the_same_words(
    api: Any, as_alice: Any, field: str, typed: str, pointer: str
) -> None:
    answer = as_alice.post("/o/acme/monitors/new/", GOOD | {field: typed})

    errors = answer.context["form"].errors
    assert answer.status_code == 422
    assert set(errors) == {field}
    problem = api.post("monitors", as_a_script_sends(GOOD | {field: typed})).json()
    assert {"pointer": pointer, "detail": errors[field][0]} in problem["errors"]
    assert answer.context["form"][field].value() == typed
    assert (
        answer.context["form"]["name" if field != "name" else "target"].value()
        == GOOD["name" if field != "name" else "target"]
    )


@pytest.mark.usefixtures("inside")
def test_every_complaint_comes_at_once() -> None:
    form = MonitorForm(GOOD | {"name": "", "target": "nonsense", "down_after": "many"})

    assert set(form.errors) == {"name", "target", "down_after"}


@pytest.mark.usefixtures("inside")
def test_a_header_that_stands_there_twice_is_refused_and_not_lost() -> None:
    form = MonitorForm(GOOD | {"name": "", "headers": "Accept: text/html\nX-Team: ops\naccept: text/plain"})

    assert set(form.errors) == {"name", "headers"}
    assert form.errors["headers"] == [
        "Write accept on one line, its values joined by a comma: it is there twice."
    ]
    assert form["headers"].value().count("ccept: ") == 2


@pytest.mark.parametrize(
    ("known", "typed", "stored"),
    [
        ("", '{\r\n "a": 1\r\n}\r\n', '{\n "a": 1\n}'),
        ('{\r\n "a": 1\r\n}\n', '{\r\n "a": 1\r\n}\r\n', '{\r\n "a": 1\r\n}\n'),
        ('{\r\n "a": 1\r\n}\n', '{\r\n "a": 2\r\n}\r\n', '{\n "a": 2\n}'),
    ],
)
@pytest.mark.usefixtures("inside")
def test_ends_of_lines_are_as_they_were_typed_or_sent(known: str, typed: str, stored: str) -> None:
    monitor = Monitor(name="Shop", target="http://127.0.0.1:9/", config={"body_type": "json", "body": known})

    form = MonitorForm(GOOD | {"method": "POST", "body_type": "json", "body": typed}, monitor=monitor)

    assert form.is_valid(), form.errors
    assert form.cleaned_data["config"]["body"] == stored


@pytest.mark.usefixtures("inside")
def test_every_line_that_is_wrong_is_told_at_its_place() -> None:
    form = MonitorForm(
        GOOD
        | {
            "assertions": "[NOPE] == 1\r\n\r\n[STATUS] == 200\r\n[STATUS] ~ 1",
            "headers": "X-One 1\nX-Two: 2\n: 3",
        }
    )

    assert [str(words).partition(":")[0] for words in form.errors["assertions"]] == ["Line 1", "Line 4"]
    assert form.errors["headers"] == [
        "Write line 1 as “Name: value”: it has no colon.",
        "Write a name before the colon of line 3.",
    ]


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("http", "depends_on", [UNKNOWN]),
        ("http", "owner", "nobody@acme.example"),
        ("group", "members", [UNKNOWN]),
        ("group", "rule", "most"),
    ],
)
@pytest.mark.usefixtures("inside")
def test_what_is_gone_meanwhile_is_one_complaint_at_its_field(kind: str, field: str, value: Any) -> None:
    typed = GOOD | {"rule": "all", field: value}
    if kind == "group" and field != "members":
        typed["members"] = []

    form = MonitorForm(typed, kind=kind)

    assert not form.is_valid()
    assert len(form.errors[field]) == 1
    assert UNKNOWN not in str(form.errors)
    assert form["name"].value() == "Shop"


@pytest.mark.usefixtures("inside")
def test_what_nothing_can_hold_is_refused_at_its_field() -> None:
    form = MonitorForm(GOOD | {"notes": "a\0b", "assertions": '[BODY] contains "a\\u0000b"'})

    assert set(form.errors) == {"notes", "assertions"}


@pytest.mark.usefixtures("inside")
def test_lines_are_counted_as_they_stand_in_the_form() -> None:
    dns = MonitorForm(
        GOOD | {"target": "shop.test", "expected": "\n\n192.0.2.1\n\n192.0.2.2\x07\n" + "x" * 1001},
        kind="dns",
    )
    host = MonitorForm(GOOD | {"thresholds": "max(a.b) > 1 crit\n\nmax(a.b) is 7"}, kind="host")

    assert [str(words)[:7] for words in dns.errors["expected"]] == ["Line 5:", "Line 6:"]
    assert [str(words)[:7] for words in host.errors["thresholds"]] == ["Line 3:"]


def test_every_line_that_is_wrong_is_told_to_a_script_too(api: Any) -> None:
    answer = api.post(
        "monitors",
        {
            "name": "Shop",
            "target": "http://127.0.0.1:9/",
            "config": {"assertions": ["[NOPE] == 1", "[STATUS] ~ 1"], "headers": {"": "3"}},
        },
    )

    assert [(one["pointer"], one["detail"].partition(":")[0]) for one in answer.json()["errors"]] == [
        ("/config/assertions", "Line 1"),
        ("/config/assertions", "Line 2"),
        ("/config/headers", "Write a name for each value"),
    ]


@pytest.mark.usefixtures("inside")
def test_an_edit_keeps_what_the_form_does_not_show() -> None:
    monitor = Monitor(name="Shop", target="http://127.0.0.1:9/", config={"max_redirects": 2, "method": "GET"})

    form = MonitorForm(GOOD, monitor=monitor)

    assert form.is_valid()
    assert form.cleaned_data["config"]["max_redirects"] == 2
    assert form.cleaned_data["config"]["method"] == "HEAD"


def as_a_script_sends(form: dict[str, str]) -> dict[str, Any]:
    def number(text: str) -> Any:
        return int(text) if text.lstrip("-").isdecimal() else text

    return {
        "name": form["name"],
        "target": form["target"],
        "interval_seconds": number(form["interval_seconds"]),
        "timeout_seconds": number(form["timeout_seconds"]),
        "policy": {"down_after": number(form["down_after"]), "up_after": number(form["up_after"])},
        "config": {
            "method": form["method"],
            "expected_status": form["expected_status"],
            "response_time_limit_ms": number(form["response_time_limit_ms"]),
        },
    }


@pytest.mark.usefixtures("inside")
def test_a_copy_says_which_secrets_it_lacks() -> None:
    config = {"auth": "basic", "username": "ada", "password": KEPT}
    like = Monitor(name="Shop", kind="http", target="http://127.0.0.1:9/", config=config)

    assert MonitorForm(like=like).left_out == ["Password"]


@pytest.mark.usefixtures("inside")
def test_a_form_has_only_what_its_kind_has_a_use_for() -> None:
    job, metrics, host = (MonitorForm(kind=kind) for kind in ("heartbeat", "metrics", "host"))

    assert "degraded_after" not in job.fields
    assert "upside_down" not in metrics.fields
    for form in (metrics, host):
        assert "warning bound" in form.fields["degraded_after"].help_text
    assert "soft assertion" in MonitorForm(kind="http").fields["degraded_after"].help_text
    assert job.fields["zone"].widget.attrs | {"data-only-default": "UTC", "data-only": "schedule"} == (
        job.fields["zone"].widget.attrs
    )


@pytest.mark.usefixtures("inside")
def test_what_is_secret_is_not_read_over_a_shoulder() -> None:
    form = MonitorForm(kind="http")

    hidden = {
        name for name in form.fields if getattr(form.fields[name].widget, "input_type", "") == "password"
    }
    assert hidden == {"password", "bearer_token", "client_secret", "proxy_password"}
