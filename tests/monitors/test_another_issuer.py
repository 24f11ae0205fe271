"""Another issuer than was accepted is told by a pure rule, and seen on real servers of two authorities."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitors.accepting import is_void
from monitors.judging import NAMES_ROOM, another_issuer, told_apart
from monitors.models import Monitor
from monitors.probes.outcome import DETAIL_LENGTH, ErrorClass, Outcome
from monitors.telemetry.models import Status
from tests.certificates import Authority
from tests.monitors.issuing import OURS, THEIRS, WANTED, accepted, seen
from tests.monitors.making import make
from tests.monitors.stepping import head, status, step
from tests.probes.asking import Asking
from tests.receivers import wait_until
from tests.talking import Talking, quiet

CHANGED = f"the issuer changed from {OURS} to {THEIRS}"


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


@pytest.fixture
def watched(acme: Any) -> Monitor:
    return make(acme, kind="tls", target="127.0.0.1:9", config=WANTED)


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
