"""Another issuer than the first good check saw is noticed, place by place, until somebody accepts it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from monitors import definition, editing
from monitors.accepting import is_void
from monitors.judging import NAMES_ROOM, another_issuer, judge, told_apart
from monitors.models import Monitor
from monitors.probes.outcome import DETAIL_LENGTH, ErrorClass, Outcome
from monitors.telemetry import issuers
from monitors.telemetry.models import Status
from monitors.telemetry.scheduling import location_no
from monitors.telemetry.specs import Specs
from pulse.scoping import as_pipeline, in_tenant
from tenants.actors import COMMAND_LINE
from tests.api.making import UNKNOWN, problem_of
from tests.certificates import Authority
from tests.monitors.making import make
from tests.monitors.stepping import GOOD, claimed, finish, head, states, status, step
from tests.probes.asking import Asking
from tests.receivers import wait_until
from tests.talking import Talking, quiet

OURS, THEIRS = "CN=R11,O=Let's Encrypt,C=US", "CN=Evil,O=Elsewhere"
CHANGED = f"the issuer changed from {OURS} to {THEIRS}"
WANTED = {"issuer_change": "degraded"}


def seen(issuer: str, **more: Any) -> Outcome:
    return replace(GOOD, detail="TLSv1.3", status_code=None, issuer=issuer, **more)


def accepted(monitor: Monitor) -> list[tuple[int, str]]:
    with as_pipeline(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT location, issuer FROM telemetry_issuer WHERE monitor_no = %s ORDER BY 1", [monitor.no]
        )
        return list(cursor.fetchall())


def edited(organisation: Any, monitor: Monitor, **changes: Any) -> None:
    with in_tenant(organisation):
        row = Monitor.objects.get(pk=monitor.pk)
        editing.update(organisation, row, definition.read(changes, row), COMMAND_LINE)


@pytest.fixture
def watched(acme: Any) -> Monitor:
    return make(acme, kind="tls", target="127.0.0.1:9", config=WANTED)


# -- the rule


@pytest.mark.parametrize(
    ("outcome", "known", "is_down", "found"),
    [
        (seen(OURS), None, True, (True, False, ErrorClass.NONE, "TLSv1.3")),
        (seen(OURS), OURS, True, (True, False, ErrorClass.NONE, "TLSv1.3")),
        (seen(THEIRS), OURS, True, (False, False, ErrorClass.ISSUER_CHANGED, CHANGED)),
        (seen(THEIRS), OURS, False, (True, True, ErrorClass.ISSUER_CHANGED, CHANGED)),
        (
            seen(THEIRS, soft=True, error=ErrorClass.EXPIRES_SOON), OURS, False,
            (True, True, ErrorClass.ISSUER_CHANGED, CHANGED),
        ),
        (
            seen(THEIRS, ok=False, error=ErrorClass.EXPIRES_SOON), OURS, True,
            (False, False, ErrorClass.EXPIRES_SOON, "TLSv1.3"),
        ),
    ],
)  # fmt: skip
def test_another_issuer_than_was_accepted_is_told(
    outcome: Outcome, known: str | None, is_down: bool, found: tuple[Any, ...]
) -> None:
    after = another_issuer(outcome, known, is_down=is_down)

    assert (after.ok, after.soft, after.error, after.detail) == found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (OURS, THEIRS),
        ("CN=a" + "x" * 296, "CN=b" + "y" * 296),
        ("CN=a", "CN=b" + "y" * 296),
        ("CN=" + "x" * 200 + "1" + "y" * 90, "CN=" + "x" * 200 + "2" + "y" * 90),
        ("x" * 300, "x" * 299),
        ("CN=" + "x" * 120, "CN=" + "x" * 120 + "y" * 100),
    ],
)
def test_both_names_are_told_apart_in_the_room_of_a_sentence(one: str, other: str) -> None:
    left, right = told_apart(one, other)

    assert left != right
    assert len(left) + len(right) <= NAMES_ROOM
    assert len(another_issuer(seen(other), one, is_down=True).detail) <= DETAIL_LENGTH
    assert left.strip("…") in one
    assert right.strip("…") in other


BEFORE = {"target": "shop.test:443", "config": {"issuer_change": "down"}}


@pytest.mark.parametrize(
    ("before", "after", "void"),
    [
        (BEFORE, BEFORE, False),
        (BEFORE, BEFORE | {"config": {"issuer_change": "degraded", "server_name": ""}}, False),
        (BEFORE, BEFORE | {"target": "other.test:443"}, True),
        (BEFORE, BEFORE | {"config": {"issuer_change": "down", "server_name": "www.shop.test"}}, True),
        (BEFORE, BEFORE | {"config": {"issuer_change": "ignore"}}, True),
        (BEFORE, BEFORE | {"config": {}}, True),
        (BEFORE | {"config": {}}, BEFORE | {"target": "other.test:443"}, False),
    ],
)
def test_what_is_looked_at_elsewhere_or_no_more_has_nothing_accepted(
    before: dict[str, Any], after: dict[str, Any], void: bool
) -> None:
    assert is_void(before, after) is void


# -- real servers


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> list[Authority]:
    return [Authority(tmp_path_factory.mktemp(name), f"{name} authority") for name in ("First", "Second")]


@pytest.fixture(scope="module")
def trusted(authorities: list[Authority], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both of them."""
    path = tmp_path_factory.mktemp("trusted") / "ca.pem"
    path.write_text("".join(one.ca_file.read_text() for one in authorities))
    return path


@pytest.fixture(scope="module")
def servers(authorities: list[Authority]) -> Iterator[list[Talking]]:
    """The same host with a certificate of each."""
    contexts = [one.server_context("127.0.0.1", days_left=60) for one in authorities]
    with Talking(quiet, contexts[0]) as first, Talking(quiet, contexts[1]) as second:
        yield [first, second]


@pytest.mark.parametrize(("kind", "more"), [("tls", {}), ("tcp", {"security": "tls"})])
@pytest.mark.parametrize(
    ("change", "became"), [("ignore", Status.UP), ("degraded", Status.DEGRADED), ("down", Status.DOWN)]
)
def test_a_certificate_of_another_authority_is_noticed_where_it_is_wanted(
    acme: Any, servers: list[Talking], trusted: Path, kind: str, more: Any, change: str, became: Status
) -> None:
    config = {**more, "issuer_change": change}
    monitor = make(acme, kind=kind, target="127.0.0.1:9", config=config)
    with Asking(ca_file=str(trusted)) as asking:
        first, second = (asking.ask(kind, server.target, config) for server in servers)

    for outcome in (first, first, second, second, second):
        step(monitor, outcome)

    assert status(monitor) is became
    words = "the issuer changed from CN=First authority to CN=Second authority"
    assert head(monitor).last_detail == ("" if became is Status.UP else words)


def test_what_was_refused_is_not_accepted(
    acme: Any, authorities: list[Authority], servers: list[Talking], watched: Monitor
) -> None:
    with Asking(ca_file=str(authorities[0].ca_file)) as asking:
        refused = asking.ask("tls", servers[1].target, WANTED)
        step(watched, refused)
        step(watched, asking.ask("tls", servers[0].target, WANTED | {"fail_days": 90, "warn_days": None}))

        assert not refused.ok
        assert accepted(watched) == []
        step(watched, asking.ask("tls", servers[0].target, WANTED))

    assert accepted(watched) == [(1, "CN=First authority")]


def test_a_worker_sees_a_renewal_by_another_authority_until_it_is_accepted(
    acme: Any, api: Any, checker: Any, authorities: list[Authority], trusted: Path
) -> None:
    context = authorities[0].server_context("127.0.0.1", days_left=61)
    with Talking(quiet, context) as server:
        config = {"ca": trusted.read_text(), "issuer_change": "down"}
        monitor = make(
            acme, kind="tls", target=server.target, interval_seconds=5, timeout_seconds=2, config=config
        )
        path = f"monitors/{monitor.pk}"
        wait_until(lambda: api.get(path).json()["status"] == "up", 15, "the first check")
        authorities[1].server_context("127.0.0.1", days_left=61)
        context.load_cert_chain(authorities[1].ca_file.parent / "127.0.0.161.pem")
        for _ in range(3):
            api.post(f"{path}/check")
        wait_until(lambda: api.get(path).json()["status"] == "down", 40, "the change")

        assert api.post(f"{path}/issuer").status_code == 200
        wait_until(lambda: api.get(path).json()["status"] == "up", 40, "the accepted issuer")
    assert [issuer for _, issuer in accepted(monitor)] == ["CN=Second authority"]


# -- memory


def test_the_change_does_not_accept_itself(watched: Monitor) -> None:
    for issuer in (OURS, THEIRS, THEIRS, THEIRS):
        step(watched, seen(issuer))

    assert status(watched) is Status.DEGRADED
    assert accepted(watched) == [(1, OURS)]
    step(watched, seen(OURS))
    step(watched, seen(OURS))
    assert status(watched) is Status.UP


def test_two_workers_agree_on_what_was_first(watched: Monitor) -> None:
    one, other = (claimed(watched, seen(issuer)) for issuer in (OURS, THEIRS))

    finish(one)
    finish(other)

    assert (one.spec.accepted_issuer, other.spec.accepted_issuer) == (OURS, OURS)
    assert judge(other).result.outcome.soft


def test_a_check_that_an_edit_overtook_accepts_nothing(acme: Any, watched: Monitor) -> None:
    late = claimed(watched, seen(THEIRS))
    edited(acme, watched, target="127.0.0.1:10")

    finish(late)

    assert accepted(watched) == []
    step(watched, seen(OURS))
    assert accepted(watched) == [(1, OURS)]
    assert not judge(late).result.outcome.soft


def test_while_somebody_writes_the_spec_the_next_check_accepts(acme: Any, watched: Monitor) -> None:
    from tests.cleaning import superuser

    with superuser() as other, other.transaction():
        other.execute("SELECT FROM telemetry_probespec WHERE monitor_no = %s FOR UPDATE", [watched.no])
        step(watched, seen(OURS))

    assert accepted(watched) == []
    step(watched, seen(OURS))
    assert accepted(watched) == [(1, OURS)]


def test_a_name_that_cannot_be_stored_costs_no_result(acme: Any, watched: Monitor) -> None:
    step(watched, seen("CN=\0"))

    assert status(watched) is Status.UP
    assert accepted(watched) == []


def test_each_place_has_its_own(acme: Any) -> None:
    with as_pipeline():
        fra, nyc = location_no("fra"), location_no("nyc")
    monitor = make(acme, kind="tls", target="127.0.0.1:9", locations=["fra", "nyc"], config=WANTED)
    for place, issuer in (("fra", OURS), ("nyc", THEIRS)) * 3:
        step(monitor, seen(issuer), place)

    assert accepted(monitor) == [(fra, OURS), (nyc, THEIRS)]
    assert {row.last_error for row in states(monitor)} == {0}
    edited(acme, monitor, locations=["nyc"])
    assert accepted(monitor) == [(nyc, THEIRS)]


def test_upside_down_nothing_is_accepted_or_compared(acme: Any) -> None:
    monitor = make(acme, kind="tls", target="127.0.0.1:9", config=WANTED, upside_down=True)

    step(monitor, seen(OURS))

    assert accepted(monitor) == []


def test_what_was_accepted_says_nothing_once_it_is_upside_down(acme: Any, watched: Monitor) -> None:
    step(watched, seen(OURS))
    edited(acme, watched, upside_down=True)

    step(watched, seen(THEIRS, ok=False, error=ErrorClass.UNEXPECTED_ANSWER))

    assert (head(watched).last_ok, head(watched).last_error) == (True, 0)


@pytest.mark.parametrize(
    ("changes", "is_kept"),
    [
        ({"name": "other"}, True),
        ({"config": {"issuer_change": "down"}}, True),
        ({"target": "127.0.0.1:10"}, False),
        ({"config": {"issuer_change": "ignore"}}, False),
        ({"config": {}}, False),
        ({"kind": "http", "target": "https://127.0.0.1:9/", "config": {}}, False),
    ],
)
def test_an_edit_forgets_what_it_makes_void(
    acme: Any, watched: Monitor, changes: dict[str, Any], is_kept: bool
) -> None:
    step(watched, seen(OURS))

    edited(acme, watched, **changes)

    assert accepted(watched) == ([(1, OURS)] if is_kept else [])


def test_it_is_forgotten_with_its_monitor(acme: Any, watched: Monitor) -> None:
    step(watched, seen(OURS))

    with in_tenant(acme):
        editing.delete(acme, watched, COMMAND_LINE)

    assert accepted(watched) == []


def test_another_organisation_neither_reads_nor_forgets_it(acme: Any, globex: Any, watched: Monitor) -> None:
    step(watched, seen(OURS))

    with in_tenant(globex), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM telemetry_issuer")
        assert cursor.fetchone() == (0,)
        assert issuers.forget(watched.no, acme.no) == []
        assert issuers.forget(watched.no, globex.no) == []
    assert accepted(watched) == [(1, OURS)]


# -- people


@pytest.fixture
def changed(watched: Monitor) -> Monitor:
    for issuer in (OURS, THEIRS, THEIRS, THEIRS):
        step(watched, seen(issuer))
    return watched


ACCEPT = "Accept the new issuer"


def asks(client: Any, monitor: Monitor) -> bool:
    """Whether its page, and the part of it that is fetched anew, ask for an answer."""
    path = f"/o/acme/monitors/{monitor.pk}/"
    parts = [client.get(path).content.decode(), client.get(f"{path}issuer/").content.decode()]
    shown = [_opening(part, monitor) for part in parts]
    assert shown[0] == shown[1]
    return "hidden" not in shown[0]


def _opening(page: str, monitor: Monitor) -> str:
    found = re.search(rf'id="monitor_{monitor.pk}_issuer"[^>]*', page)
    assert found
    return found[0].split("aria-label")[1]


def test_the_page_asks_whoever_may_edit_while_the_last_check_says_so(
    as_alice: Any, as_bob: Any, watched: Monitor
) -> None:
    step(watched, seen(OURS))
    assert not asks(as_alice, watched)
    step(watched, seen(THEIRS))
    assert asks(as_alice, watched)
    assert not asks(as_bob, watched)
    step(watched, seen(OURS))
    assert not asks(as_alice, watched)


def test_the_page_asks_when_one_of_several_places_says_so(acme: Any, as_alice: Any) -> None:
    with as_pipeline():
        for code in ("fra", "nyc"):
            location_no(code)
    monitor = make(acme, kind="tls", target="127.0.0.1:9", locations=["fra", "nyc"], config=WANTED)
    for place, issuer in (("fra", OURS), ("nyc", OURS), ("nyc", THEIRS), ("fra", OURS)):
        step(monitor, seen(issuer), place)

    assert asks(as_alice, monitor)


def test_a_monitor_that_does_not_want_it_has_no_such_part(acme: Any, as_alice: Any) -> None:
    monitor = make(acme, kind="tls", target="127.0.0.1:9")

    assert ACCEPT not in as_alice.get(f"/o/acme/monitors/{monitor.pk}/").content.decode()


def test_accepting_takes_the_next_good_check_for_the_right_one(
    acme: Any, as_alice: Any, api: Any, changed: Monitor
) -> None:
    answer = as_alice.post(f"/o/acme/monitors/{changed.pk}/issuer/acceptance/")

    assert answer.status_code == 302
    assert "?awaiting=" in answer["Location"]
    assert accepted(changed) == []
    assert head(changed).asked
    assert not asks(as_alice, changed)
    step(changed, seen(THEIRS))
    step(changed, seen(THEIRS))
    assert accepted(changed) == [(1, THEIRS)]
    assert status(changed) is Status.UP
    with in_tenant(acme), connection.cursor() as cursor:
        cursor.execute(
            "SELECT object_kind, data::text, actor_name FROM tenants_audit WHERE verb = 'accepted'"
        )
        kind, data, who = cursor.fetchone()
    assert (kind, json.loads(data), who) == ("issuer", {"instead_of": [OURS]}, "alice@acme.example")


def test_a_worker_that_knew_it_loads_it_anew_once_another_is_accepted(acme: Any, changed: Monitor) -> None:
    specs = Specs()

    def known() -> str | None:
        check = claimed(changed, GOOD).check
        with as_pipeline():
            return specs.of([check], 1)[changed.no].accepted_issuer

    assert known() == OURS
    with in_tenant(acme):
        editing.accept_issuer(acme, changed, COMMAND_LINE)
    assert known() is None


def test_a_script_accepts_it_too(api: Any, changed: Monitor) -> None:
    answer = api.post(f"monitors/{changed.pk}/issuer")

    assert answer.status_code == 200
    assert answer.json()["id"] == str(changed.pk)
    assert accepted(changed) == []


def test_of_a_monitor_that_does_not_want_it_there_is_nothing_to_accept(acme: Any, api: Any) -> None:
    monitor = make(acme, kind="tls", target="127.0.0.1:9")

    assert "issuer_change" in problem_of(api.post(f"monitors/{monitor.pk}/issuer"), 409)["detail"]
    problem_of(api.post(f"monitors/{UNKNOWN}/issuer"), 404)


def test_who_may_not_edit_accepts_nothing(
    globex: Any, as_bob: Any, as_charlie: Any, changed: Monitor
) -> None:
    from tests.conftest import Api

    path = f"monitors/{changed.pk}/issuer/"
    assert as_bob.post(f"/o/acme/{path}acceptance/").status_code == 403
    assert as_charlie.post(f"/o/acme/{path}acceptance/").status_code == 404
    assert as_charlie.post(f"/o/globex/{path}acceptance/").status_code == 404
    assert as_charlie.get(f"/o/globex/{path}").status_code == 404
    assert Api(globex, ["*"]).post(f"monitors/{changed.pk}/issuer").status_code == 404
    assert accepted(changed) == [(1, OURS)]
