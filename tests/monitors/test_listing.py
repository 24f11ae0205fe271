"""The list of monitors: order, filters, pages, and a cost that does not grow with the rows."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.searching import read_query, spellings
from monitors.telemetry.models import Status
from tests.monitors.making import make, put, result

LIST = "/o/acme/monitors/"


def names_in(answer: Any) -> list[str]:
    return re.findall(r'class="table__name" href="[^"]*">([^<]*)<', answer.content.decode())


def queries_for(client: Any, path: str) -> list[str]:
    from django.db import connection

    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return [query["sql"] for query in captured.captured_queries if "set_config" not in query["sql"]]


def test_worst_comes_first_then_by_name(acme: Any, as_alice: Any) -> None:
    for name, status in (("b", Status.UP), ("a", Status.UP), ("z", Status.DOWN), ("d", Status.DEGRADED)):
        put(acme, make(acme, name), status)
    make(acme, "new")
    make(acme, "off", enabled=False)

    assert names_in(as_alice.get(LIST)) == ["z", "d", "new", "a", "b", "off"]


def test_status_and_words_filter(acme: Any, as_alice: Any) -> None:
    for name, status in (("shop", Status.DOWN), ("shop-2", Status.UP), ("mail", Status.DOWN)):
        put(acme, make(acme, name), status)

    assert names_in(as_alice.get(LIST, {"status": "down"})) == ["mail", "shop"]
    assert names_in(as_alice.get(LIST, {"q": "status:down SHOP"})) == ["shop"]
    assert names_in(as_alice.get(LIST, {"q": "127.0.0.1 -2"})) == ["shop-2"]


def test_unknown_status_says_which_there_are(as_alice: Any) -> None:
    answer = as_alice.get(LIST, {"status": "broken"})

    assert "No status is called “broken”: use down, flapping, degraded" in answer.content.decode()


@pytest.mark.parametrize("number", ["0", "-1", "x", "99999", "9" * 30, "²"])
def test_odd_pages_are_pages(acme: Any, as_alice: Any, number: str) -> None:
    make(acme, "shop")

    assert names_in(as_alice.get(LIST, {"page": number})) == ["shop"]


def test_a_page_holds_50_and_links_keep_the_filters(acme: Any, as_alice: Any) -> None:
    for place in range(52):
        make(acme, f"shop-{place:02}")

    first = as_alice.get(LIST, {"q": "shop"}).content.decode()
    second = as_alice.get(LIST, {"q": "shop", "page": 2})

    assert "1 to 50 of 52" in first
    assert 'href="/o/acme/monitors/?q=shop&amp;page=2"' in first
    assert names_in(second) == ["shop-50", "shop-51"]


def test_queries_do_not_grow_with_the_rows(acme: Any, as_alice: Any) -> None:
    now = timezone.now()
    counts = {}
    for total in (5, 60):
        for place in range(5 if total == 5 else 55):
            monitor = make(acme, f"m-{total}-{place}")
            put(acme, monitor, Status.UP)
            result(acme, monitor, now - timedelta(minutes=5))
        counts[total] = {
            path: len(queries_for(as_alice, path)) for path in (LIST, "/o/acme/", "/o/acme/monitors/table/")
        }

    assert counts[5] == counts[60]
    assert max(counts[60].values()) < 24


def test_unmeasured_time_is_hatched_and_said(acme: Any, as_alice: Any) -> None:
    from django.db import connection

    from pulse.scoping import in_tenant

    monitor = make(acme, "shop")
    put(acme, monitor, Status.UP, timezone.now() - timedelta(hours=4))
    with in_tenant(acme), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE telemetry_livestate SET next_due_at = now() - interval '18 minutes', lease_until = NULL"
        )

    page = as_alice.get(LIST).content.decode()

    assert "Not checked for" in page
    assert "of 40 slots, up in 36, not measured in 4; now not measured" in page
    assert "Nobody is checking 1 monitor" in as_alice.get("/o/acme/").content.decode()


def test_search_field_holds_the_whole_query() -> None:
    query = read_query(QueryDict("q=status:down+shop"))

    assert query.typed == "status:down shop"
    assert query.address(page=3) == "?status=down&q=shop&page=3"
    assert query.address() == "?status=down&q=shop"


@pytest.mark.parametrize(
    ("word", "spelled"),
    [
        ("shop", ["shop"]),
        ("xn--strae-oqa.de", ["xn--strae-oqa.de"]),
        ("straße.de", ["straße.de", "xn--strae-oqa.de", "stra%C3%9Fe.de"]),
        ("Straße", ["Straße", "xn--strae-oqa", "Stra%C3%9Fe"]),
        ("straße.de:8080", ["straße.de:8080", "xn--strae-oqa.de:8080", "stra%C3%9Fe.de:8080"]),
        ("mu\u0308nchen", ["mu\u0308nchen", "xn--mnchen-3ya", "mu%CC%88nchen"]),
        (
            "https://straße.de/grüße",
            ["https://straße.de/grüße", "https://xn--strae-oqa.de/gr%C3%BC%C3%9Fe", "https://stra%C3%9Fe.de/gr%C3%BC%C3%9Fe"],
        ),
        ("..ß..", ["..ß..", "..xn--zca..", "..%C3%9F.."]),
        ("☕\u200d", ["☕\u200d", "%E2%98%95%E2%80%8D"]),
        ("ß" * 200, ["ß" * 200, "%C3%9F" * 200]),
        ("-ß", ["-ß", "-%C3%9F"]),
        ("\ud800", ["\ud800", "?"]),
    ],
)  # fmt: skip
def test_what_a_target_may_hold_of_a_word(word: str, spelled: list[str]) -> None:
    assert set(spellings(word)) - {word} == set(spelled) - {word}
    assert spellings(word)[0] == word


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200) | st.text(alphabet="ßaé☕.:/-\u200d\u0661\u05d0。", max_size=40))
def test_any_word_has_spellings(word: str) -> None:
    assert spellings(word)[0] == word


def test_a_host_in_letters_of_its_own_is_found_by_either_form(acme: Any, as_alice: Any, api: Any) -> None:
    made = api.post("monitors", {"name": "Corner", "target": "https://straße.de/grüße"}).json()
    make(acme, "shop")

    for words in ("straße.de", "xn--strae-oqa", "straße kind:http", "https://Straße.de/grüße", "grüße"):
        page = as_alice.get(LIST, {"q": words})
        assert [row.monitor.name for row in page.context["page"].rows] == ["Corner"], words
        assert [one["id"] for one in api.get("monitors", q=words).json()["results"]] == [made["id"]], words
    assert as_alice.get(LIST, {"q": "ß☕"}).status_code == 200


def test_a_list_can_begin_with_the_least_uptime(acme: Any, as_alice: Any) -> None:
    now = timezone.now()
    for name, hours in (("steady", 0), ("worst", 5), ("bad", 2)):
        monitor = make(acme, name)
        put(acme, monitor, Status.UP, now - timedelta(days=3))
        put(acme, monitor, Status.DOWN, now - timedelta(days=1, hours=hours))
        put(acme, monitor, Status.UP, now - timedelta(days=1))
    make(acme, "new")

    page = as_alice.get("/o/acme/monitors/?sort=uptime")

    assert [row.monitor.name for row in page.context["page"].rows] == ["worst", "bad", "steady", "new"]
    assert 'aria-sort="ascending"' in page.content.decode()
    assert page.context["page"].words == "1 to 4 of 4, least uptime first"
