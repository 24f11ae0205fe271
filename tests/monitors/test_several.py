"""One change for several monitors, from the page: looked at first, then done to all of them or to none."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from monitors import bulk, editing
from monitors.changing import ACTIONS
from monitors.models import Monitor
from monitors.telemetry.models import Status
from monitors.telemetry.scheduling import location_no
from pulse.scoping import as_pipeline, in_tenant
from tenants.actors import COMMAND_LINE
from tests.monitors.making import make, put

URL = "/o/acme/monitors/several/"
POSTED: dict[str, dict[str, Any]] = {
    "pause": {},
    "resume": {},
    "add_tags": {"tags": "New, old"},
    "remove_tags": {"tags": "old"},
    "interval": {"interval_seconds": "300"},
    "timeout": {"timeout_seconds": "20"},
    "retry": {"retry_seconds": "15"},
    "policy": {"down_after": "5", "degraded_after": "6"},
    "locations": {"locations": ["default", "fra"], "quorum": "2"},
    "owner": {"owner": "alice@acme.example"},
    "runbook": {"runbook_url": "https://wiki.example.com/shop"},
    "notes": {"notes": "Ask the till team."},
    "depend": {},
    "delete": {},
}


@pytest.fixture
def three(acme: Any) -> list[str]:
    return [str(make(acme, name, tags=["old"]).pk) for name in ("shop", "till", "stock")]


@pytest.fixture
def two_places(world: None) -> None:
    with as_pipeline():
        for code in ("default", "fra"):
            location_no(code)


def now(organisation: Any) -> list[Monitor]:
    with in_tenant(organisation):
        return list(Monitor.objects.order_by("no"))


@pytest.mark.parametrize(
    ("action", "changed"),
    [
        ("pause", {"enabled": False}),
        ("add_tags", {"tags": ["old", "new"]}),
        ("remove_tags", {"tags": []}),
        ("interval", {"interval_seconds": 300}),
        ("timeout", {"timeout_seconds": 20}),
        ("retry", {"retry_seconds": 15}),
        ("policy", {"down_after": 5, "up_after": 2, "degraded_after": 6}),
        ("locations", {"locations": ["default", "fra"], "quorum": 2}),
        ("owner", {"owner_name": "alice@acme.example"}),
        ("runbook", {"runbook_url": "https://wiki.example.com/shop"}),
        ("notes", {"notes": "Ask the till team."}),
    ],
)
@pytest.mark.usefixtures("two_places")
def test_what_is_ticked_is_changed_and_nothing_else(
    acme: Any, as_alice: Any, three: list[str], action: str, changed: dict[str, Any]
) -> None:
    before = now(acme)
    posted = {"action": action, "monitors": three[:2], **POSTED[action]}

    answer = as_alice.post(URL, posted | {"apply": "1"})

    assert answer.status_code == 302, answer.context["form"].errors
    for old, new in zip(before, now(acme), strict=True):
        wanted = changed if str(new.pk) in three[:2] else {name: getattr(old, name) for name in changed}
        assert {name: getattr(new, name) for name in changed} == wanted


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.usefixtures("two_places")
def test_a_look_changes_nothing_and_carries_what_was_asked_to_the_button(
    acme: Any, as_alice: Any, three: list[str], action: str
) -> None:
    if action == "resume":
        as_alice.post(URL, {"action": "pause", "monitors": three, "apply": "1"})
    parent = {"depends_on": str(make(acme, "db").pk)} if action == "depend" else {}
    before = [(one.pk, one.updated_at) for one in now(acme)]
    posted = {"action": action, **POSTED[action], **parent}

    page = as_alice.post(URL, posted | {"monitors": three, "notes": POSTED[action].get("notes", "left over")})

    assert page.status_code == 200
    assert len(page.context["outlook"].changing) == 3
    assert [(one.pk, one.updated_at) for one in now(acme)] == before
    kept: dict[str, list[str]] = {}
    for name, value in page.context["form"].kept():
        kept.setdefault(name, []).append(value)
    assert kept == {name: value if isinstance(value, list) else [value] for name, value in posted.items()}


def test_a_look_tells_who_changes_who_is_so_already_and_who_cannot(
    acme: Any, as_alice: Any, three: list[str]
) -> None:
    quick = make(acme, "quick", interval_seconds=15, timeout_seconds=5)
    so = make(acme, "so", timeout_seconds=20)
    job = make(acme, "job", kind="heartbeat", target="", config={})
    everyone = [*three, *(str(one.pk) for one in (quick, so, job))]

    page = as_alice.post(URL, {"action": "timeout", "timeout_seconds": "20", "monitors": everyone})

    outlook = page.context["outlook"]
    assert [row.name for row, _ in outlook.changing] == ["shop", "stock", "till"]
    assert [row.name for row in outlook.same] == ["so"]
    assert {row.name: words for row, words in outlook.refused} == {
        "quick": ["Use fewer seconds than the interval of 15 s."],
        "job": ["Nobody waits for an answer of a heartbeat."],
    }
    content = page.content.decode()
    assert "<strong>Set the timeout of 3 monitors to 20 s.</strong>" in content
    assert "Use fewer seconds than the interval of 15 s." in content
    assert "Change 3 monitors</button>" in content


@pytest.mark.parametrize(
    ("action", "sentence", "now"),
    [
        ("pause", "Pause 2 monitors", ""),
        ("add_tags", "Add to the tags of 2 monitors: new, old", "old"),
        ("remove_tags", "Remove from the tags of 2 monitors: old", "old"),
        ("interval", "Set the interval of 2 monitors to 5 min", "1 min"),
        ("retry", "Look again at 2 monitors after 15 s", "at the next check"),
        ("policy", "Let 2 monitors count as down after 5, degraded after 6", "down after 3, degraded after 3"),
        ("locations", "Check 2 monitors from default, fra; 2 must agree",
         "the installation's own location; 1 must agree"),
        ("owner", "Set the owner of 2 monitors to alice@acme.example", ""),
        ("runbook", "Set the runbook of 2 monitors to https://wiki.example.com/shop", ""),
        ("notes", "Set the notes of 2 monitors to “Ask the till team.”", ""),
        ("delete", "Delete 2 monitors", ""),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("two_places")
def test_a_look_says_what_would_be_and_what_is(
    as_alice: Any, three: list[str], action: str, sentence: str, now: str
) -> None:
    page = as_alice.post(URL, {"action": action, "monitors": three[:2], **POSTED[action]})

    outlook = page.context["outlook"]
    assert [words for _, words in outlook.first] == [now, now]
    assert f"<strong>{sentence}.</strong>" in page.content.decode()


def test_a_look_says_what_would_be_lost(acme: Any, as_alice: Any, three: list[str]) -> None:
    other = str(make(acme, "other", runbook_url="https://wiki.example.com/other").pk)

    page = as_alice.post(URL, {"action": "runbook", "runbook_url": "", "monitors": [*three, other]})
    assert "<strong>Remove the runbook of 1 monitor.</strong>" in page.content.decode()

    page = as_alice.post(URL, {"action": "runbook", **POSTED["runbook"], "monitors": [*three, other]})
    content = page.content.decode()
    assert "1 of them has another now, which would be lost." in content
    assert "https://wiki.example.com/other" in content


def test_a_look_names_what_they_would_depend_on(acme: Any, as_alice: Any, three: list[str]) -> None:
    as_alice.post(URL, {"action": "depend", "depends_on": three[2], "monitors": three[:2], "apply": "1"})
    parent = str(make(acme, "db").pk)

    page = as_alice.post(URL, {"action": "depend", "depends_on": parent, "monitors": three[:2]})

    content = page.content.decode()
    assert "<strong>Let 2 monitors depend on db.</strong>" in content
    assert content.count('<td class="table__title">stock</td>') == 2


def test_refusals_of_the_same_words_are_told_once(acme: Any, as_alice: Any) -> None:
    jobs = [
        str(make(acme, f"job {number}", kind="heartbeat", target="", config={}).pk) for number in range(3)
    ]
    quick = str(make(acme, "quick", interval_seconds=15, timeout_seconds=5).pk)

    page = as_alice.post(URL, {"action": "timeout", "timeout_seconds": "20", "monitors": [*jobs, quick]})

    assert page.context["outlook"].refused_alike == [
        (3, "job 0, job 1, job 2", ("Nobody waits for an answer of a heartbeat.",)),
        (1, "quick", ("Use fewer seconds than the interval of 15 s.",)),
    ]
    assert page.content.decode().count("Nobody waits for an answer of a heartbeat.") == 1


def test_a_look_at_many_asks_the_database_as_often_as_at_one(acme: Any, as_alice: Any) -> None:
    many = [str(make(acme, f"m{number}").pk) for number in range(8)]

    def asked(chosen: list[str]) -> int:
        with CaptureQueriesContext(connection) as queries:
            as_alice.post(URL, {"action": "timeout", "timeout_seconds": "20", "monitors": chosen})
        return len(queries)

    assert asked(many) == asked(many[:1])


def test_groups_count_no_results_and_say_so(acme: Any, as_alice: Any, three: list[str]) -> None:
    group = make(acme, "all of it", kind="group", target="", config={"members": three})

    page = as_alice.post(URL, {"action": "policy", "down_after": "5", "monitors": [*three, str(group.pk)]})

    assert [(row.name, words) for row, words in page.context["outlook"].refused] == [
        ("all of it", ["A group stands as its members do."])
    ]


def test_deleting_several(acme: Any, as_alice: Any, three: list[str]) -> None:
    as_alice.post(URL, {"action": "delete", "monitors": three[1:], "apply": "1"})

    assert [one.name for one in now(acme)] == ["shop"]


def test_an_interval_is_nothing_for_what_reports_by_itself(
    acme: Any, as_alice: Any, three: list[str]
) -> None:
    job = str(make(acme, "job", kind="heartbeat", target="", config={}).pk)

    answer = as_alice.post(
        URL, {"action": "interval", "interval_seconds": "300", "monitors": [*three, job], "apply": "1"}
    )

    assert answer.status_code == 422
    assert "job: A heartbeat is not checked at an interval" in answer.content.decode()
    assert {one.interval_seconds for one in now(acme)} == {60}


def test_what_cannot_be_for_one_changes_none(acme: Any, as_alice: Any, three: list[str]) -> None:
    slow = str(make(acme, "slow", timeout_seconds=50).pk)

    answer = as_alice.post(
        URL, {"action": "interval", "interval_seconds": "20", "monitors": [*three, slow], "apply": "1"}
    )

    assert answer.status_code == 422
    assert "slow: " in answer.content.decode()
    assert {one.interval_seconds for one in now(acme)} == {60}


@pytest.mark.parametrize(
    ("posted", "field"),
    [
        ({"action": "pause"}, "monitors"),
        ({"action": "explode"}, "action"),
        ({"action": "add_tags", "tags": " , "}, "tags"),
        ({"action": "add_tags", "tags": "x" * 41}, "tags"),
        ({"action": "interval", "interval_seconds": "soon"}, "interval_seconds"),
        ({"action": "timeout", "timeout_seconds": ""}, "timeout_seconds"),
        ({"action": "retry", "retry_seconds": "1"}, "retry_seconds"),
        ({"action": "policy"}, "down_after"),
        ({"action": "policy", "up_after": "21"}, "up_after"),
        ({"action": "runbook", "runbook_url": "wiki"}, "runbook_url"),
        ({"action": "notes", "notes": "n" * 10_001}, "notes"),
    ],
)
def test_what_is_missing_is_said(as_alice: Any, three: list[str], posted: dict[str, Any], field: str) -> None:
    chosen = {} if field == "monitors" else {"monitors": three}

    answer = as_alice.post(URL, posted | chosen)

    assert answer.status_code == 422
    assert field in answer.context["form"].errors


def test_a_tag_that_is_too_long_is_one_complaint(as_alice: Any, three: list[str]) -> None:
    answer = as_alice.post(URL, {"action": "add_tags", "tags": "x" * 41, "monitors": three})

    (words,) = answer.context["form"].errors["tags"]
    assert words.startswith("Write each tag in at most 40 printable characters")


def test_two_of_one_name_are_told_apart_before_they_are_ticked(acme: Any, as_alice: Any) -> None:
    make(acme, "shop", target="https://shop.example/")
    make(acme, "shop", kind="tcp", target="shop.example:22")

    page = as_alice.get(URL).content.decode()

    assert '<span>shop <span class="text-muted">http · https://shop.example/</span></span>' in page
    assert '<span>shop <span class="text-muted">tcp · shop.example:22</span></span>' in page


def test_only_what_the_search_found_is_offered(acme: Any, as_alice: Any, three: list[str]) -> None:
    make(acme, "gate", tags=["edge"])

    page = as_alice.get(URL + "?q=tag:edge")

    offered = [pk for pk, _ in page.context["form"].fields["monitors"].choices]
    assert offered == [str(one.pk) for one in now(acme) if one.name == "gate"]


def test_what_was_ticked_is_changed_though_the_search_would_not_find_it_now(
    acme: Any, as_alice: Any, three: list[str]
) -> None:
    address = URL + "?q=status:pending"
    first, *_ = now(acme)
    looked_at = as_alice.post(address, {"action": "pause", "monitors": three})
    put(acme, first, Status.UP)
    with in_tenant(acme):
        editing.delete(acme, now(acme)[-1], COMMAND_LINE)

    answer = as_alice.post(address, {"action": "pause", "monitors": three, "apply": "1"})

    assert looked_at.status_code == 200
    assert answer.status_code == 302
    assert [one.enabled for one in now(acme)] == [False, False]


def test_more_than_can_be_changed_at_once_are_said_to_be_left(
    acme: Any, as_alice: Any, three: list[str], monkeypatch: Any
) -> None:
    monkeypatch.setattr(bulk, "AT_MOST", 2)

    page = as_alice.get(URL)

    assert len(page.context["form"].fields["monitors"].choices) == 2
    assert "The first 2 of 3: search for fewer" in page.content.decode()


def test_a_long_look_at_what_replaces_nothing_has_one_column(acme: Any, as_alice: Any) -> None:
    many = [str(make(acme, f"m{number}").pk) for number in range(21)]

    page = as_alice.post(URL, {"action": "pause", "monitors": many}).content.decode()

    assert '<td class="text-muted">and 1 more</td>' in page


@pytest.mark.parametrize("search", ["q=tag%3Aold", "status=pending&q=shop"])
def test_the_way_back_is_the_list_of_the_same_search(as_alice: Any, three: list[str], search: str) -> None:
    listed = f"/o/acme/monitors/?{search}"
    assert (
        f'href="{listed.replace("&", "&amp;")}">Cancel</a>'
        in as_alice.get(f"{URL}?{search}").content.decode()
    )

    answer = as_alice.post(f"{URL}?{search}", {"action": "pause", "monitors": three[:1], "apply": "1"})

    assert answer.status_code == 302
    assert answer["Location"] == listed


def test_a_strangers_monitor_is_not_there(acme: Any, globex: Any, as_charlie: Any, three: list[str]) -> None:
    answer = as_charlie.post(
        "/o/globex/monitors/several/", {"action": "delete", "monitors": three, "apply": "1"}
    )

    assert answer.status_code == 422
    assert len(now(acme)) == 3
