"""No secret is shown: not of any kind's settings, not where a target echoes it, not its beginning."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from time import monotonic
from urllib.parse import quote, urlencode

import pytest

from monitors.probes import PROBES
from monitors.probes.hiding import HIDDEN, secrets_of, without
from monitors.probes.http_config import HttpConfig
from monitors.probes.jobs import Job
from pulse.net.addresses import Policy, parse_networks
from tests.probes.running import Probing
from tests.resolver import DnsServer
from tests.targets import HttpTarget

CANARY = "Zx9-canary-token"


@pytest.fixture
def target() -> Iterator[HttpTarget]:
    with HttpTarget() as target:
        yield target


@pytest.fixture
def probing() -> Iterator[Probing]:
    with DnsServer() as dns, Probing(Policy(parse_networks("127.0.0.0/8")), [dns.nameserver]) as probing:
        yield probing


@pytest.mark.parametrize("kind", sorted(PROBES))
def test_no_secret_is_in_what_a_log_would_print(kind: str) -> None:
    settings = PROBES[kind].settings
    defaults = {setting.name: setting.default for setting in settings.all}
    config = settings._config(**defaults | dict.fromkeys(settings.secrets, f"X-Key: {CANARY}"))

    assert CANARY not in repr(Job("", 1, kind, "", config, 1.0, monotonic()))
    assert CANARY not in repr(getattr(config, "wire", ""))
    if settings.secrets - {"client_key"}:
        assert CANARY in secrets_of(config) or f"X-Key: {CANARY}" in secrets_of(config)


def test_an_outcome_does_not_print_what_it_was_judged_by(probing: Probing, target: HttpTarget) -> None:
    target.body = CANARY.encode()

    assert CANARY not in repr(probing.check(target.url, HttpConfig(auth="bearer", bearer_token=CANARY)))


def test_a_name_in_json_may_be_a_secret_too(probing: Probing, target: HttpTarget) -> None:
    target.body = json.dumps({CANARY: {"a": CANARY}}).encode()
    config = PROBES["http"].load(
        {"auth": "bearer", "bearer_token": CANARY, "assertions": ["[BODY].* == 5", "[BODY]..a == 5"]}
    )

    outcome = probing.check(target.url, config)

    assert outcome.evidence is not None
    assert CANARY not in json.dumps(outcome.evidence())


def test_the_sentence_about_a_redirect_hides_it(probing: Probing, target: HttpTarget) -> None:
    config = HttpConfig(secret_headers="X-Key: zx9-canary-token")

    outcome = probing.check(target.at("/redirect?to=http://zx9-canary-token.invalid/"), config)

    assert "canary" not in outcome.detail


@pytest.mark.parametrize("length", range(4, len(CANARY)))
def test_a_text_that_was_cut_in_the_midst_of_one_shows_no_beginning(length: int) -> None:
    assert without(f"key={CANARY[:length]}", [CANARY]) == f"key={HIDDEN}"
    assert without(f"key={CANARY[:length]}…", [CANARY]) == f"key={HIDDEN}…"


SECRET = "pä\"s/s &'w\\d"


@pytest.mark.parametrize(
    "echo",
    [
        SECRET,
        json.dumps({"token": SECRET}),
        json.dumps({"token": SECRET}, ensure_ascii=False),
        json.dumps(SECRET).replace("/", "\\/"),
        r"p\u00E4\"s/s &'w\\d",
        f"/login?token={quote(SECRET)}",
        f"/login?token={quote(SECRET, safe='')}&x=1",
        urlencode({"token": SECRET}),
        quote(SECRET, safe="").lower(),
        f"<b title='{html.escape(SECRET)}'>",
        html.escape(SECRET, quote=False),
        "p\u00e4&#34;s/s &amp;&#39;w\\d",
    ],
)
def test_a_secret_is_known_in_the_escapes_of_json_html_and_urls(echo: str) -> None:
    cleaned = without([echo, {echo: f"a {echo[: len(echo) * 2 // 3]}"}], [SECRET])

    assert HIDDEN in cleaned[0]
    assert "s/s" not in str(cleaned)
    assert "s%2" not in str(cleaned)
    assert "ä" not in str(cleaned)


def test_other_texts_stay_as_they_are() -> None:
    assert without(["Zx9", "a Zx9- b", "…", "", 5, None], [CANARY]) == ["Zx9", "a Zx9- b", "…", "", 5, None]


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("http", {"secret_headers": f"Authorization: Bearer {CANARY}"}),
        ("http", {"secret_headers": f"X-Other: 1\nauthorization:bearer  {CANARY}"}),
        ("http", {"secret_headers": f"X-Auth: Token {CANARY}"}),
        ("http", {"auth": "bearer", "bearer_token": CANARY}),
        ("websocket", {"secret_headers": f"authorization: Bearer {CANARY}"}),
        ("grpc_health", {"authorization": f"Bearer {CANARY}"}),
        ("grpc_health", {"authorization": CANARY}),
    ],
)
def test_a_token_is_known_without_its_scheme(kind: str, settings: dict[str, str]) -> None:
    secrets = secrets_of(PROBES[kind].load(settings))

    assert without(f"the token {CANARY} has expired", secrets) == f"the token {HIDDEN} has expired"


def test_a_word_of_a_password_is_no_secret_by_itself() -> None:
    """Hidden wherever it stands, it would be told."""
    secrets = secrets_of(PROBES["redis"].load({"password": "correct horse"}))

    assert without("no horse", secrets) == "no horse"


def test_a_token_that_is_echoed_alone_is_shown_nowhere(probing: Probing, target: HttpTarget) -> None:
    target.body = f"token {CANARY.lower()} has expired".encode()
    config = PROBES["http"].load(
        {"secret_headers": f"authorization: Bearer {CANARY.lower()}", "assertions": ["[BODY] contains fine"]}
    )

    shown = probing.check(target.url, config)
    led_on = probing.check(target.at(f"/redirect?to=http://{CANARY.lower()}.invalid/"), config)

    assert shown.evidence is not None
    assert "canary" not in json.dumps(shown.evidence())
    assert "canary" not in led_on.detail
