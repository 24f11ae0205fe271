"""Every address, with every method, by everybody: nothing opens to whom it should not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tenants.abilities import Ability
from tests.tenants.addresses import METHODS, addresses

PUBLIC = [(path, namespace) for path, namespace, _ in addresses("pulse.urls.public")]
INSIDE = [(path, namespace, view) for path, namespace, view in addresses("pulse.urls.organisation")]

# What answers 2xx to a visitor without an account; everything else asks for a session, a key or is not there.
OPEN_TO_ALL = {
    "",
    "sign-in/x/",
    "v1/openapi.json",
    "about-checks",
    "health/ready",
    "metrics",
    "demo/shop",
    "demo/receiver/",
    "theme/",
    "accounts/login/",
    "accounts/signup/",
    "accounts/password/reset/",
    "accounts/password/reset/done/",
    "accounts/password/reset/key/x-x/",
    "accounts/password/reset/key/done/",
    "accounts/confirm-email/",
    "accounts/confirm-email/x/",
    "accounts/inactive/",
    "accounts/logout/",
    "accounts/reauthenticate/",
}


@pytest.fixture
def visitor(world: None) -> Callable[[str, str], Any]:
    """Asks as somebody who was never here: one client, whose cookies are thrown away each time."""
    client = Client(raise_request_exception=False)

    def ask(method: str, path: str) -> Any:
        client.cookies.clear()
        return getattr(client, method)(path)

    return ask


def test_nothing_but_the_listed_pages_opens_to_a_visitor(visitor: Callable[[str, str], Any]) -> None:
    opened = set()
    for path, _ in PUBLIC:
        for method in METHODS:
            answer = visitor(method, f"/{path}")
            assert answer.status_code < 500 or path == "health/ready", (method, path, answer.status_code)
            if 200 <= answer.status_code < 300:
                opened.add(path)

    assert opened <= OPEN_TO_ALL, opened - OPEN_TO_ALL
    assert {"", "accounts/login/", "v1/openapi.json"} <= opened


def test_every_page_of_an_organisation_sends_a_visitor_to_sign_in(visitor: Callable[[str, str], Any]) -> None:
    for path, _, _ in INSIDE:
        for method in METHODS:
            for slug in ("acme", "no-such-place"):
                answer = visitor(method, f"/o/{slug}/{path}")
                assert answer.status_code == 302, (method, path)
                assert answer["Location"].startswith(f"/accounts/login/?next=/o/{slug}/"), (method, path)


def test_a_stranger_cannot_tell_an_organisation_from_none(as_charlie: Any) -> None:
    for path, _, _ in [*INSIDE, ("no/such/page", "", None)]:
        for method in METHODS:
            theirs = getattr(as_charlie, method)(f"/o/acme/{path}")
            nobodys = getattr(as_charlie, method)(f"/o/no-such-place/{path}")
            assert theirs.status_code == nobodys.status_code == 404, (method, path)
            assert theirs.content == nobodys.content, (method, path)
            assert headers(theirs) == headers(nobodys), (method, path)


def headers(answer: Any) -> dict[str, str]:
    changing = {"X-Request-Id"}
    return {name: value for name, value in answer.items() if name not in changing}


def test_every_page_of_an_organisation_says_what_it_takes() -> None:
    pages = [(path, view) for path, namespace, view in INSIDE if namespace != "organisation-admin"]

    assert len(pages) > 15
    for path, view in pages:
        assert isinstance(getattr(view, "ability", None), Ability), path


def test_a_viewer_changes_nothing(as_bob: Any, acme: Any) -> None:
    """Whatever takes more than looking is refused, with a form's method and with any other."""
    as_bob.raise_request_exception = False
    for path, namespace, view in INSIDE:
        ability = getattr(view, "ability", None)
        for method in METHODS:
            status = getattr(as_bob, method)(f"/o/acme/{path}").status_code
            assert status < 500, (method, path, status)
            if namespace == "organisation-admin":
                assert status in {302, 403, 404, 405}, (method, path, status)
            elif ability is not Ability.VIEW:
                assert status in {403, 405}, (method, path, status)
            elif method in {"post", "put", "patch", "delete"}:
                assert status in {403, 404, 405}, (method, path, status)


def test_the_owner_meets_no_fault(as_alice: Any) -> None:
    as_alice.raise_request_exception = False
    for path, _, _ in INSIDE:
        for method in METHODS:
            status = getattr(as_alice, method)(f"/o/acme/{path}").status_code
            assert status < 500, (method, path, status)


@pytest.mark.parametrize(
    "slug", ["%00", "..", "%2e%2e", "ACME", "acme%20", "acme%0a", "a" * 500, "é", "'", "acme;x", ""]
)
def test_what_is_no_slug_is_not_found(as_alice: Any, slug: str) -> None:
    unknown = as_alice.get("/o/no-such-place/")

    answer = as_alice.get(f"/o/{slug}/")

    assert (answer.status_code, answer.content) == (404, unknown.content)
