"""What every kind of check has in common: the deadline, the classes of faults, limits and assertions together."""

import asyncio
import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from time import monotonic
from typing import Any

import pytest
import uvloop

from monitors.assertions.model import Assertion, Source
from monitors.assertions.reading import load
from monitors.probes.conversation import Check, CheckFailed, Talk, starting
from monitors.probes.jobs import Job
from monitors.probes.outcome import ErrorClass, Outcome
from pulse.net.addresses import Policy
from pulse.net.errors import NotResolved
from pulse.net.exchange import Watch
from pulse.net.failures import Failure
from pulse.net.fetch import Outbound


@dataclass(frozen=True)
class Config:
    assertions: tuple[Assertion, ...] = ()


class Loop:
    """An engine's loop without an engine: one check at a time, given as a coroutine."""

    def __init__(self) -> None:
        self._loop = uvloop.new_event_loop()
        self.out = Outbound(self._loop, Policy(allow=(ip_network("127.0.0.0/8"),)), ["127.0.0.1:1"])
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def outcome(
        self, check: Check, *lines: str, timeout_s: float = 2.0, watch: Watch | None = None
    ) -> Outcome:
        done: queue.Queue[Outcome] = queue.Queue()
        config = Config(load(list(lines), frozenset(Source)))
        job = Job(1, 1, "test", "a.test", config, timeout_s, monotonic(), watch=watch)
        self._loop.call_soon_threadsafe(starting(check), self.out, job, done.put)
        return done.get(timeout=5)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self.out.close()
        self._loop.close()


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    running = Loop()
    yield running
    running.close()


async def good(talk: Talk) -> str:
    talk.facts |= {Source.ANSWER: "hello", Source.ROWS: 3}
    talk.notes["banner"] = "hi"
    return "answered"


async def warned(talk: Talk) -> str:
    talk.facts[Source.ROWS] = 3
    talk.warn(ErrorClass.TOO_SLOW, "a little slow")
    talk.warn(ErrorClass.EXPIRES_SOON, "said too late")
    return "answered"


def test_good_check_keeps_facts_notes_and_assertions_as_evidence(loop: Loop) -> None:
    outcome = loop.outcome(good, "[ANSWER] == hello", "[CONNECTED] == true")

    assert (outcome.ok, outcome.soft, outcome.detail) == (True, False, "answered")
    assert outcome.evidence is not None
    evidence = outcome.evidence()
    assert evidence["facts"]["answer"] == "hello"
    assert evidence["notes"] == {"banner": "hi"}
    assert evidence["assertions"][0] == {
        "assertion": '[ANSWER] == "hello"', "soft": False, "ok": True, "value": "hello", "problem": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("check", "lines", "ok", "soft", "error", "detail"),
    [
        (warned, [], True, True, ErrorClass.TOO_SLOW, "a little slow"),
        (warned, ["[ROWS] == 4"], False, False, ErrorClass.ASSERTION_FAILED,
         "[ROWS] == 4 failed: it was 3"),
        (warned, ["[ROWS] == 4 (soft)"], True, True, ErrorClass.TOO_SLOW, "a little slow"),
        (good, ["[ROWS] == 4 (soft)"], True, True, ErrorClass.ASSERTION_FAILED,
         "[ROWS] == 4 failed: it was 3"),
    ],
)  # fmt: skip
def test_hard_comes_before_soft_and_limits_before_soft_assertions(
    loop: Loop, check: Check, lines: list[str], ok: bool, soft: bool, error: ErrorClass, detail: str
) -> None:
    outcome = loop.outcome(check, *lines)

    assert (outcome.ok, outcome.soft, outcome.error, outcome.detail) == (ok, soft, error, detail)


@pytest.mark.parametrize(
    ("raised", "error", "detail"),
    [
        (CheckFailed(ErrorClass.SIGN_IN_REFUSED, "no"), ErrorClass.SIGN_IN_REFUSED, "no"),
        (NotResolved(Failure.NXDOMAIN, "gone"), ErrorClass.DNS_NXDOMAIN, "gone"),
        (ConnectionResetError(), ErrorClass.CONNECTION_LOST,
         "the connection was closed before the answer was complete"),
        (asyncio.IncompleteReadError(b"", 5), ErrorClass.CONNECTION_LOST,
         "the connection was closed before the answer was complete"),
        (KeyError("secret"), ErrorClass.INTERNAL, "Pulse itself failed while checking (KeyError)"),
    ],
)  # fmt: skip
def test_each_fault_has_its_class_and_words(
    loop: Loop, raised: Exception, error: ErrorClass, detail: str
) -> None:
    async def failing(talk: Talk) -> str:
        raise raised

    outcome = loop.outcome(failing)

    assert (outcome.ok, outcome.error, outcome.detail) == (False, error, detail)


def test_onlooker_hears_of_each_phase_as_it_ends(loop: Loop) -> None:
    async def stepping(talk: Talk) -> str:
        talk.phases.dns_us = 1200
        talk.phases.address = "127.0.0.1"
        talk.phases.tls_us = None
        return "answered"

    heard: list[tuple[str, object]] = []
    loop.outcome(stepping, watch=lambda name, value: heard.append((name, value)))

    assert heard == [("dns_us", 1200), ("address", "127.0.0.1")]


def test_check_that_never_ends_is_cut_off(loop: Loop) -> None:
    async def endless(talk: Talk) -> str:
        await asyncio.Event().wait()
        return ""

    outcome = loop.outcome(endless, timeout_s=0.1)

    assert (outcome.error, outcome.detail) == (ErrorClass.TIMEOUT, "no complete answer within 0.1 s")


def test_failed_check_still_judges_what_it_found(loop: Loop) -> None:
    async def failing(talk: Talk) -> str:
        talk.facts[Source.ANSWER] = "half"
        raise CheckFailed(ErrorClass.BAD_RESPONSE, "half an answer")

    outcome = loop.outcome(failing, "[ANSWER] contains half", "[CONNECTED] == true")

    assert (outcome.ok, outcome.error) == (False, ErrorClass.BAD_RESPONSE)
    assert outcome.evidence is not None
    found: list[dict[str, Any]] = outcome.evidence()["assertions"]
    assert [one["ok"] for one in found] == [True, False]


def test_what_was_reached_and_answered_wrongly_was_connected(loop: Loop) -> None:
    async def failing(talk: Talk) -> str:
        talk.phases.connect_us = 100
        raise CheckFailed(ErrorClass.UNEXPECTED_ANSWER, "another answer")

    outcome = loop.outcome(failing, "[CONNECTED] == true")

    assert outcome.evidence is not None
    kept = outcome.evidence()
    assert (kept["facts"]["connected"], kept["assertions"][0]["ok"]) == (True, True)


def test_a_fault_of_ours_is_in_the_log_with_its_place_and_without_its_text(
    loop: Loop, caplog: pytest.LogCaptureFixture
) -> None:
    class OddError(Exception):
        """Seen by no other test: of each class the log is told once a minute."""

    async def failing(_talk: Talk) -> str:
        raise OddError("secret")

    for _ in range(2):
        assert loop.outcome(failing).error is ErrorClass.INTERNAL

    (record,) = [one for one in caplog.records if "OddError" in one.getMessage()]
    assert "test_conversation.py" in record.getMessage()
    assert "secret" not in caplog.text
