"""Home, and links that sign in once."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from tenants import membership, signin
from tenants.abilities import Role
from tenants.actors import COMMAND_LINE
from tenants.models import Organisation, SignInLink, User


def test_home_leads_to_the_only_organisation(as_alice: Client) -> None:
    assert as_alice.get("/").headers["Location"] == "/o/acme/"


def test_home_asks_who_belongs_to_several(alice: User, globex: Any, as_alice: Client) -> None:
    membership.add(globex, alice, Role.VIEWER, COMMAND_LINE)

    page = as_alice.get("/").content.decode()
    inside = as_alice.get("/o/acme/channels/").content.decode()

    membership.remove(alice.memberships.get(organisation=globex), COMMAND_LINE)
    for shown in (page, inside):
        assert 'href="/o/acme/"' in shown
        assert 'href="/o/globex/"' in shown


def test_home_tells_who_belongs_nowhere_what_to_do(world: None) -> None:
    client = Client()
    client.force_login(User.objects.create_user("zoe@acme.example"), backend=None)

    assert "belong to no organisation" in client.get("/").content.decode()


def test_home_leads_into_no_suspended_organisation(acme: Organisation, as_alice: Client) -> None:
    Organisation.objects.filter(pk=acme.pk).update(state=Organisation.State.SUSPENDED)

    answer = as_alice.get("/")

    assert answer.status_code == 200
    assert "belong to no organisation" in answer.content.decode()


def test_opening_a_link_uses_nothing_up(alice: User) -> None:
    path, client = signin.make_link(alice), Client()

    for _ in range(3):
        page = client.get(path)
        assert page.status_code == 200
        assert "no-store" in page.headers["Cache-Control"]
    assert client.post(path).headers["Location"] == "/"
    assert client.get("/o/acme/").status_code == 200


def test_a_link_works_once(alice: User) -> None:
    path = signin.make_link(alice)
    Client().post(path)
    late = Client()

    answer = late.post(path)

    assert answer.status_code == 410
    assert "manage.py sign_in_link" in answer.content.decode()
    assert late.get("/o/acme/").status_code == 302


@pytest.mark.parametrize("reason", ["expired", "closed", "invented"])
def test_a_link_that_is_no_good_says_what_to_do(bob: User, reason: str) -> None:
    path = signin.make_link(bob)
    if reason == "expired":
        SignInLink.objects.update(expires_at=timezone.now())
    User.objects.filter(pk=bob.pk).update(is_active=reason != "closed")

    answer = Client().post("/sign-in/invented/" if reason == "invented" else path)

    User.objects.filter(pk=bob.pk).update(is_active=True)
    assert answer.status_code == 410
    assert "This link no longer works" in answer.content.decode()


def test_who_comes_without_a_password_is_told_to_choose_one(acme: Any) -> None:
    user, _ = membership.find_or_create_user("zoe@acme.example")
    membership.add(acme, user, Role.VIEWER, COMMAND_LINE)
    client = Client()

    page = client.post(signin.make_link(user), follow=True).content.decode()
    new = {"password1": "a lantern in the fog", "password2": "a lantern in the fog"}
    client.post("/accounts/password/set/", new)

    assert "Choose a password" in page
    assert (
        Client().post("/accounts/login/", {"login": user.email, "password": new["password1"]}).status_code
        == 302
    )


def test_the_command_prints_a_link_that_works(alice: User) -> None:
    out = StringIO()

    call_command("sign_in_link", "Alice@acme.example", stdout=out)

    path = "/" + out.getvalue().strip().split("/", 3)[3]
    assert Client().post(path).status_code == 302


@pytest.mark.parametrize("email", ["nobody@acme.example", ""])
def test_the_command_says_whom_it_does_not_know(world: None, email: str) -> None:
    with pytest.raises(CommandError, match="Nobody here has the address"):
        call_command("sign_in_link", email)


def test_the_command_makes_no_link_for_a_closed_account(bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)

    with pytest.raises(CommandError, match="is closed"):
        call_command("sign_in_link", bob.email)
    User.objects.filter(pk=bob.pk).update(is_active=True)
