"""The MySQL check against a real MariaDB."""

from collections.abc import Iterator

import pytest

from monitors.probes import PROBES
from monitors.probes.mysql_sign_in import proof
from monitors.probes.outcome import ErrorClass
from pulse.fields import ConfigError
from tests.certificates import Authority
from tests.peers.mariadb import PASSWORD, MariadbPeer, mariadb
from tests.probes.asking import Asking, facts, notes

READER = {"security": "none", "username": "reader", "password": PASSWORD, "database": "shop"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[MariadbPeer]:
    with mariadb(tmp_path_factory.mktemp("mariadb"), authority) as peer:
        yield peer


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
        ("SELECT 'größer'", "größer", 1),
        ("SELECT REPEAT('x', 300)", "x" * 300, 1),
        ("SHOW TABLES", "stock", 1),
        ("SELECT n FROM stock", 1, 1000),
        ("SELECT seq FROM seq_1_to_1000000000000", 1, 1000),
    ],
)
def test_first_value_and_rows_of_a_query_can_be_asserted_on(
    asking: Asking, server: MariadbPeer, query: str, answer: object, rows: int
) -> None:
    outcome = asking.ask("mysql", server.target, READER | {"query": query})

    assert (outcome.ok, outcome.error) == (True, ErrorClass.NONE), outcome.detail
    assert (facts(outcome).get("answer"), facts(outcome)["rows"]) == (answer, rows)
    assert "MariaDB" in notes(outcome)["version"]


def test_tls_is_verified_before_the_password_is_proved(asking: Asking, server: MariadbPeer) -> None:
    outcome = asking.ask("mysql", server.target, READER | {"username": "careful", "security": "tls"})
    plain = asking.ask("mysql", server.target, READER | {"username": "careful"})

    assert outcome.ok, outcome.detail
    assert facts(outcome)["certificate_days"] == 9
    assert plain.error is ErrorClass.SIGN_IN_REFUSED


def test_server_that_is_not_trusted_is_told_nothing(server: MariadbPeer) -> None:
    with Asking() as public:
        outcome = public.ask("mysql", server.target, READER | {"security": "tls"})

    assert outcome.error is ErrorClass.TLS_UNTRUSTED


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        (
            {"password": "wrong"},
            ErrorClass.SIGN_IN_REFUSED,
            "sign-in refused: Access denied for user 'reader'",
        ),
        ({"username": "nobody", "password": "", "database": ""}, ErrorClass.NONE, "answered 1 row"),
        ({"database": "absent"}, ErrorClass.SIGN_IN_REFUSED, "to database 'absent'"),
        ({"query": "SELECT nonsense"}, ErrorClass.UNEXPECTED_ANSWER, "error 1054: Unknown column"),
        ({"query": "SELECT 1; SELECT 2"}, ErrorClass.UNEXPECTED_ANSWER, "error 1064"),
        ({"query": "SELECT SLEEP(60) FROM stock"}, ErrorClass.TIMEOUT, ""),
    ],
)
def test_failures_say_what_the_server_said(
    asking: Asking, server: MariadbPeer, settings: dict[str, object], error: ErrorClass, words: str
) -> None:
    outcome = asking.ask("mysql", server.target, READER | settings, timeout_s=1)

    assert outcome.error is error, outcome.detail
    assert words in outcome.detail
    assert PASSWORD not in outcome.detail


@pytest.mark.parametrize(
    "query",
    ["SELECT n FROM stock FOR UPDATE", "WITH a AS (SELECT 1) DELETE FROM stock", "SELECT SETVAL(counter, 5)"],
)
def test_query_that_would_write_changes_nothing(asking: Asking, server: MariadbPeer, query: str) -> None:
    server.sql("CREATE SEQUENCE IF NOT EXISTS shop.counter")

    outcome = asking.ask("mysql", server.target, READER | {"query": query})

    assert (
        server.sql("SELECT COUNT(*) FROM shop.stock; SELECT next_not_cached_value FROM shop.counter")
        == "5000\n1"
    )
    assert outcome.error in (ErrorClass.NONE, ErrorClass.UNEXPECTED_ANSWER)


@pytest.mark.parametrize(
    "query",
    ["DELETE FROM stock", "LOAD DATA INFILE 'x'", "SELECT 1 INTO/**/OUTFILE 'x'", "CALL p()", "SET @a = 1"],
)
def test_query_that_does_not_begin_like_a_reading_one_is_refused(query: str) -> None:
    with pytest.raises(ConfigError, match="checks only read"):
        PROBES["mysql"].load({"query": query})


def test_newer_servers_get_the_proof_of_their_own_way() -> None:
    """MariaDB has no caching_sha2_password, so MySQL's is held against what another client (PyMySQL) computes."""
    found = proof(b"caching_sha2_password", "secret", bytes(range(1, 21)), encrypted=False)

    assert found is not None
    assert found.hex() == "746ebe205d56a0707acb3e796e834e0dd7b1d61743b26bd5202c7a623230c7c9"
