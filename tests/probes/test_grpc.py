"""The gRPC health check against a real gRPC server with the standard health service."""

from collections.abc import Iterator

import pytest

from monitors.probes.outcome import ErrorClass, Outcome
from tests.certificates import Authority
from tests.peers.grpc import GrpcPeer, grpc_server
from tests.probes.asking import Asking, facts
from tests.targets import HttpTarget

PLAIN = {"security": "none"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def asking(authority: Authority) -> Iterator[Asking]:
    with Asking(ca_file=str(authority.ca_file)) as engine:
        yield engine


@pytest.fixture(scope="module")
def server(authority: Authority) -> Iterator[GrpcPeer]:
    with grpc_server(authority) as peer:
        yield peer


@pytest.mark.parametrize("encrypted", [True, False])
@pytest.mark.parametrize("service", ["", "shop"])
def test_service_that_serves_is_up(asking: Asking, server: GrpcPeer, encrypted: bool, service: str) -> None:
    target, settings = (server.tls, {}) if encrypted else (server.plain, PLAIN)

    outcome = asking.ask("grpc_health", target, settings | {"service": service})

    assert (outcome.ok, outcome.detail) == (True, "the service says SERVING")
    assert facts(outcome)["status"] == "SERVING"
    assert facts(outcome).get("certificate_days") == (9 if encrypted else None)


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"service": "till"}, ErrorClass.UNEXPECTED_ANSWER, "the service says NOT_SERVING, expected SERVING"),
        ({"service": "bank"}, ErrorClass.UNEXPECTED_ANSWER, "the server knows no service 'bank' (NOT_FOUND)"),
        (
            {"metadata": {"X-Wants-Token": "1"}},
            ErrorClass.SIGN_IN_REFUSED,
            "the call failed with UNAUTHENTICATED: no töken",
        ),
        (
            {"metadata": {"X-Wants-Token": "1"}, "authorization": "Bearer sesame"},
            ErrorClass.NONE,
            "the service says SERVING",
        ),
        ({"security": "tls"}, ErrorClass.TLS_FAILED, ""),  # its words hang on who speaks first
    ],
)
def test_other_answers_in_words(
    asking: Asking, server: GrpcPeer, settings: dict[str, object], error: ErrorClass, words: str
) -> None:
    outcome = asking.ask("grpc_health", server.plain, PLAIN | settings)

    assert outcome.error is error, outcome.detail
    assert outcome.detail.startswith(words)


def test_an_assertion_on_the_status_takes_the_place_of_serving(asking: Asking, server: GrpcPeer) -> None:
    def till(line: str) -> Outcome:
        return asking.ask("grpc_health", server.plain, PLAIN | {"service": "till", "assertions": [line]})

    assert till("[STATUS] == NOT_SERVING").ok
    assert till("[STATUS] == SERVING").detail == "[STATUS] == SERVING failed: it was NOT_SERVING"


def test_server_without_a_health_service_is_told_of(asking: Asking, server: GrpcPeer) -> None:
    outcome = asking.ask("grpc_health", server.bare, PLAIN)

    assert outcome.detail == "the server has no health service (UNIMPLEMENTED)"


def test_web_server_is_no_grpc_server(asking: Asking) -> None:
    with HttpTarget() as target:
        outcome = asking.ask("grpc_health", f"127.0.0.1:{target.port}", PLAIN)

    assert outcome.error in (ErrorClass.BAD_RESPONSE, ErrorClass.CONNECTION_LOST), outcome.detail
