"""The PostgreSQL check against a real PostgreSQL."""

import os
from collections.abc import Iterator

import pytest

from monitors.probes import PROBES
from monitors.probes.outcome import ErrorClass
from pulse.fields import ConfigError
from tests.certificates import Authority
from tests.peers.postgres import PASSWORD, PostgresPeer, postgres
from tests.peers.tls_front import TlsFront
from tests.probes.asking import Asking, facts

READER = {"security": "none", "username": "reader", "password": PASSWORD, "database": "postgres"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresPeer]:
    with postgres(tmp_path_factory.mktemp("postgres")) as peer:
        yield peer


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def asking(authority: Authority) -> Iterator[Asking]:
    with Asking(ca_file=str(authority.ca_file)) as engine:
        yield engine


@pytest.mark.parametrize(
    ("query", "answer", "rows"),
    [
        ("SELECT 1", 1, 1),
        ("SELECT name, n FROM stock ORDER BY n LIMIT 3;", "item 1", 3),
        ("SELECT n FROM stock WHERE n < 0", None, 0),
        ("SELECT NULL", None, 1),
        ("SELECT 2.5", 2.5, 1),
        ("SELECT 1234567890123456789", 1234567890123456789, 1),
        ("SELECT -9223372036854775808", -9223372036854775808, 1),
        ("SELECT 'größer'", "größer", 1),
        ("WITH a AS (SELECT 7) TABLE a", 7, 1),
        ("SHOW server_encoding", "UTF8", 1),
        ("SELECT n FROM stock", 1, 1000),
        ("SELECT generate_series(1, 1000000000000)", 1, 1000),
        ("SELECT FROM stock LIMIT 2", None, 2),
    ],
)
def test_first_value_and_rows_of_a_query_can_be_asserted_on(
    asking: Asking, server: PostgresPeer, query: str, answer: object, rows: int
) -> None:
    outcome = asking.ask("postgresql", server.target, READER | {"query": query})

    assert (outcome.ok, outcome.error) == (True, ErrorClass.NONE), outcome.detail
    assert (facts(outcome).get("answer"), facts(outcome)["rows"]) == (answer, rows)


@pytest.mark.parametrize("role", ["reader", "older", "open"])
def test_each_way_to_sign_in_that_hides_the_password_works_without_tls(
    asking: Asking, server: PostgresPeer, role: str
) -> None:
    outcome = asking.ask(
        "postgresql", server.target, READER | {"username": role, "query": "SELECT current_user"}
    )

    assert facts(outcome).get("answer") == role, outcome.detail


def test_readable_password_is_only_sent_over_tls(
    asking: Asking, server: PostgresPeer, authority: Authority
) -> None:
    settings = READER | {"username": "oldest"}
    plain = asking.ask("postgresql", server.target, settings)
    with TlsFront(authority.server_context("127.0.0.1"), server.port, 8, b"S") as front:
        encrypted = asking.ask("postgresql", f"127.0.0.1:{front.port}", settings | {"security": "tls"})

    assert plain.error is ErrorClass.SIGN_IN_REFUSED
    assert plain.detail == "the server wants the password unencrypted; set the encryption to TLS"
    assert encrypted.ok, encrypted.detail
    assert encrypted.tls_us
    assert facts(encrypted)["certificate_days"] == 9


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        (
            {"password": "wrong"},
            ErrorClass.SIGN_IN_REFUSED,
            'password authentication failed for user "reader"',
        ),
        ({"password": ""}, ErrorClass.SIGN_IN_REFUSED, "the server asks for a password"),
        ({"username": "nobody"}, ErrorClass.SIGN_IN_REFUSED, "no pg_hba.conf entry"),
        (
            {"database": "absent"},
            ErrorClass.UNEXPECTED_ANSWER,
            'error 3D000: database "absent" does not exist',
        ),
        ({"query": "SELECT nonsense"}, ErrorClass.UNEXPECTED_ANSWER, "error 42703: column"),
        ({"query": "SELECT 1; SELECT 2"}, ErrorClass.UNEXPECTED_ANSWER, "cannot insert multiple commands"),
        ({"security": "tls"}, ErrorClass.TLS_FAILED, "does not offer TLS"),
        ({"query": "SELECT pg_sleep(60)"}, ErrorClass.TIMEOUT, ""),
    ],
)
def test_failures_say_what_the_server_said(
    asking: Asking, server: PostgresPeer, settings: dict[str, object], error: ErrorClass, words: str
) -> None:
    outcome = asking.ask("postgresql", server.target, READER | settings, timeout_s=1)

    assert (outcome.ok, outcome.error) == (False, error), outcome.detail
    assert words in outcome.detail
    assert PASSWORD not in outcome.detail


@pytest.mark.parametrize(
    "query",
    [
        "WITH gone AS (DELETE FROM stock RETURNING n) SELECT * FROM gone",
        "SELECT * INTO other FROM stock",
        "SELECT n FROM stock FOR UPDATE",
        "SELECT set_config('transaction_read_only', 'off', true), lo_create(1)",
    ],
)
def test_query_that_would_write_changes_nothing(asking: Asking, server: PostgresPeer, query: str) -> None:
    outcome = asking.ask("postgresql", server.target, READER | {"query": query})

    assert outcome.error is ErrorClass.UNEXPECTED_ANSWER, outcome.detail
    assert (
        server.sql("SELECT count(*) FROM stock; SELECT count(*) FROM pg_class WHERE relname = 'other'")
        == "5000\n0"
    )


def test_environment_and_password_files_have_no_say(
    asking: Asking, server: PostgresPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "PGPASSWORD", PASSWORD)
    monkeypatch.setitem(os.environ, "PGDATABASE", "absent")

    outcome = asking.ask("postgresql", server.target, READER | {"password": ""})

    assert outcome.error is ErrorClass.SIGN_IN_REFUSED


@pytest.mark.parametrize(
    "query", ["DELETE FROM stock", "COPY stock TO PROGRAM 'id'", "", "BEGIN", "-- x\nSELECT 1"]
)
def test_query_that_does_not_begin_like_a_reading_one_is_refused(query: str) -> None:
    with pytest.raises(ConfigError, match="checks only read"):
        PROBES["postgresql"].load({"query": query})


def test_what_may_stand_in_the_rest_of_a_cut_answer_is_not_absent(
    asking: Asking, server: PostgresPeer
) -> None:
    query = "SELECT json_build_object('fine', repeat('x', 20000), 'error', 1)"
    settings = READER | {"query": query, "assertions": ["[ANSWER].error not exists"]}

    outcome = asking.ask("postgresql", server.target, settings)

    assert outcome.error is ErrorClass.ASSERTION_FAILED
    assert outcome.detail.endswith("the answer is longer than what is read of it")
    assert len(facts(outcome)["answer"]) == 16_384
