"""The engine itself: moments, many at once, dead names, draining, faults of ours."""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from time import monotonic, sleep

import pytest

from monitors.probes import PROBES
from monitors.probes import engine as engine_module
from monitors.probes.outcome import ErrorClass
from pulse.net.addresses import Policy
from tests.probes.running import Probing
from tests.resolver import DnsServer
from tests.targets import HttpTarget

LOOPBACK = Policy(allow=(ip_network("127.0.0.0/8"),))


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    with DnsServer() as server:
        yield server


@pytest.fixture
def target() -> Iterator[HttpTarget]:
    with HttpTarget() as server:
        yield server


@pytest.fixture
def probing(dns: DnsServer) -> Iterator[Probing]:
    with Probing(LOOPBACK, [dns.nameserver]) as engine:
        yield engine


def test_each_job_starts_at_its_moment(probing: Probing, target: HttpTarget) -> None:
    begin = monotonic()
    probing.engine.submit([probing.job(target.at(f"/{after}"), after_s=after) for after in (0.4, 0.0, 0.2)])

    outcomes = [probing.next() for _ in range(3)]

    assert [job.target[-3:] for job, _, _ in outcomes] == ["0.0", "0.2", "0.4"]
    assert 0.4 <= monotonic() - begin < 0.8
    assert all(lateness_us < 100_000 for _, _, lateness_us in outcomes)


def test_hanging_targets_do_not_delay_the_others(probing: Probing, target: HttpTarget) -> None:
    hanging = [probing.job(target.at("/hang"), timeout_s=5) for _ in range(100)]
    probing.engine.submit([*hanging, probing.job(target.url)])
    begin = monotonic()

    job, outcome, _ = probing.next()

    assert (job.target, outcome.ok) == (target.url, True)
    assert monotonic() - begin < 1


def test_sixty_dead_names_do_not_delay_a_healthy_host(
    probing: Probing, dns: DnsServer, target: HttpTarget
) -> None:
    for number in range(60):
        dns.ignores(f"dead{number}.test")
    dns.answers("healthy.test", "127.0.0.1")
    probing.engine.submit([probing.job(f"http://dead{number}.test/") for number in range(60)])
    sleep(0.5)

    for _ in range(5):
        probing.engine.submit([probing.job(target.at("/", "healthy.test"))])
        _, outcome, _ = probing.next()
        assert outcome.ok
        assert outcome.total_us is not None
        assert outcome.total_us < 500_000


def test_names_are_asked_once_for_all_who_wait_and_then_kept(
    probing: Probing, dns: DnsServer, target: HttpTarget
) -> None:
    dns.answers("shared.test", "127.0.0.1", ttl=30)
    for _ in range(2):
        probing.engine.submit([probing.job(target.at("/", "shared.test"), tenant=n) for n in range(20)])
        assert all(probing.next()[1].ok for _ in range(20))

    assert dns.count("shared.test") == 1


def test_capacity_counts_waiting_and_running_jobs(probing: Probing, target: HttpTarget) -> None:
    free = probing.engine.capacity()
    probing.engine.submit(
        [probing.job(target.at("/hang"), timeout_s=0.3), probing.job(target.url, after_s=0.3)]
    )

    assert probing.engine.in_flight == 2
    assert probing.engine.capacity() == free - 2
    probing.next()
    probing.next()
    assert probing.engine.in_flight == 0


def test_drain_finishes_what_is_in_flight_and_takes_no_more(probing: Probing, target: HttpTarget) -> None:
    target.delay = 0.3
    probing.engine.submit([probing.job(target.url)])

    left = probing.engine.drain(5)

    assert left == 0
    assert probing.next()[1].ok
    assert probing.engine.capacity() == 0
    with pytest.raises(RuntimeError, match="takes no jobs"):
        probing.engine.submit([probing.job(target.url)])


def test_drain_gives_up_in_time_and_counts_the_rest(probing: Probing, target: HttpTarget) -> None:
    probing.engine.submit([probing.job(target.at("/hang"), timeout_s=30)])

    assert probing.engine.drain(0.2) == 1


def test_stopped_engine_is_not_alive(probing: Probing) -> None:
    assert probing.engine.alive

    probing.engine.stop()

    assert not probing.engine.alive


def test_unknown_kind_is_an_internal_outcome_and_the_engine_lives_on(
    probing: Probing, target: HttpTarget
) -> None:
    job = probing.job(target.url)
    unknown = type(job)("key", 1, "telepathy", target.url, job.config, 1.0, monotonic())
    probing.engine.submit([unknown, job])

    outcomes = {found.kind: outcome for found, outcome, _ in (probing.next(), probing.next())}

    assert outcomes["telepathy"].error is ErrorClass.INTERNAL
    assert outcomes["http"].ok


def test_a_check_that_pulse_does_not_end_is_nobody_s_failure(
    probing: Probing, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = replace(PROBES["http"], start=lambda *_: None)
    monkeypatch.setitem(PROBES, "never", never)
    monkeypatch.setattr(engine_module, "OVERDUE_S", 0.1)
    job = probing.job("http://127.0.0.1/", timeout_s=0.1)
    probing.engine.submit([replace(job, kind="never")])

    outcome = probing.next()[1]

    assert (outcome.ok, outcome.error) == (False, ErrorClass.NO_ROOM)
    assert probing.engine.in_flight == 0


def test_fault_while_handing_over_does_not_end_the_loop(dns: DnsServer, target: HttpTarget) -> None:
    seen: list[str] = []

    def hand_over(*arguments: object) -> None:
        seen.append("called")
        raise ValueError("a bug of the receiver")

    engine = engine_module.Engine(LOOPBACK, on_outcome=hand_over, nameservers=[dns.nameserver])
    engine.start()
    probing = Probing(LOOPBACK, [dns.nameserver])
    engine.submit([probing.job(target.url), probing.job(target.url)])

    assert engine.drain(5) == 0
    assert len(seen) == 2
    assert engine.alive
    engine.stop()
