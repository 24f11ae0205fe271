"""What an operator types: organisations, members and keys from the command line."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from tenants.models import ApiKey, Membership, Organisation, User


def run(*arguments: str, stdin: str = "", monkeypatch: Any = None) -> tuple[str, str]:
    out, error = io.StringIO(), io.StringIO()
    if monkeypatch:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
    call_command(*arguments, stdout=out, stderr=error)
    return out.getvalue(), error.getvalue()


def refused(*arguments: str, stdin: str = "", monkeypatch: Any = None) -> str:
    with pytest.raises(CommandError) as failed:
        run(*arguments, stdin=stdin, monkeypatch=monkeypatch)
    return str(failed.value)


NEW = ("create_org", "initech", "--name", "Initech", "--owner-email", "Peter@Initech.example")


def test_a_new_organisation_gets_its_owner_and_a_way_in(world: None) -> None:
    out, _ = run(*NEW)

    organisation = Organisation.objects.get(slug="initech")
    owner = User.objects.get(email="peter@initech.example")
    assert organisation.state == "ready"
    assert Membership.objects.get(organisation=organisation).role == "owner"
    assert not owner.has_usable_password()
    assert "http://localhost:8000/o/initech/" in out
    link = out.split("with: http://localhost:8000")[1].strip()
    visitor = Client()
    assert visitor.post(link).status_code == 302
    assert visitor.session["_auth_user_id"] == str(owner.pk)


def test_a_password_from_standard_input_is_set(world: None, monkeypatch: Any) -> None:
    out, _ = run(*NEW, "--password-stdin", stdin="correct horse battery\n", monkeypatch=monkeypatch)

    assert User.objects.get(email="peter@initech.example").check_password("correct horse battery")
    assert "sign-in" not in out
    assert "correct horse" not in out


@pytest.mark.parametrize("password", ["short", "password1234", "peter@initech", "", "12345678901"])
def test_a_weak_password_makes_nothing(world: None, monkeypatch: Any, password: str) -> None:
    words = refused(*NEW, "--password-stdin", stdin=password + "\n", monkeypatch=monkeypatch)

    assert "password" in words.lower()
    assert not Organisation.objects.filter(slug="initech").exists()
    assert not User.objects.filter(email="peter@initech.example").exists()


def test_a_known_owner_keeps_the_password(world: None, alice: Any, monkeypatch: Any) -> None:
    out, _ = run(
        "create_org", "initech", "--name", "Initech", "--owner-email", "ALICE@acme.example", "--password-stdin",
        stdin="another horse battery\n", monkeypatch=monkeypatch,
    )  # fmt: skip

    alice.refresh_from_db()
    assert alice.check_password("correct horse battery")
    assert "known already and keeps the password" in out
    assert alice.memberships.count() == 2


@pytest.mark.parametrize("slug", ["", "Acme", "a_b", "a-", "a b", "ä", "x" * 41, "a/b", "acme\n"])
def test_a_slug_that_cannot_be_is_told(world: None, slug: str) -> None:
    words = refused("create_org", slug, "--name", "N", "--owner-email", "peter@initech.example")

    assert "small letters, digits and hyphens" in words


def test_a_taken_slug_and_a_bad_email_are_told(world: None) -> None:
    assert "acme already: choose another" in refused(
        "create_org", "acme", "--name", "N", "--owner-email", "p@i.example"
    )
    assert "email" in refused("create_org", "new", "--name", "N", "--owner-email", "peter").lower()
    assert "name" in refused("create_org", "new", "--name", " ", "--owner-email", "p@i.example").lower()
    assert "120" in refused("create_org", "new", "--name", "x" * 121, "--owner-email", "p@i.example")


def test_a_member_is_added_and_changed(world: None, acme: Any) -> None:
    out, _ = run("add_member", "acme", "Dave@acme.example", "--role", "viewer")
    assert "dave@acme.example is viewer of Acme" in out
    assert "signs in once" in out

    run("add_member", "acme", "dave@acme.example", "--role", "admin")

    assert Membership.objects.get(organisation=acme, user__email="dave@acme.example").role == "admin"


def test_a_member_that_cannot_be_is_told(world: None) -> None:
    assert "no organisation nowhere" in refused("add_member", "nowhere", "a@b.example", "--role", "viewer")
    assert "email" in refused("add_member", "acme", "dave", "--role", "viewer").lower()
    assert "only owner" in refused("add_member", "acme", "alice@acme.example", "--role", "viewer")
    assert "boss" in refused("add_member", "acme", "a@b.example", "--role", "boss")


def test_a_key_stands_alone_on_standard_output(world: None) -> None:
    out, error = run(
        "create_api_key", "acme", "--name", "deploy", "--scope", "monitors:read", "incidents:write"
    )

    key = out.strip()
    assert out == f"{key}\n"
    assert len(key) == 45
    assert key not in error
    script = Client(headers={"Authorization": f"Bearer {key}"})
    assert script.get("/v1/monitors").status_code == 200
    assert script.post("/v1/monitors").status_code == 403
    row = ApiKey.objects.get(name="deploy")
    assert row.scopes == ["monitors:read", "incidents:write"]
    assert key not in json.dumps([str(value) for value in vars(row).values()])


def test_scopes_may_be_given_one_by_one(world: None) -> None:
    run("create_api_key", "acme", "--name", "k", "--scope", "rules:read", "--scope", "ingest")

    assert ApiKey.objects.get(name="k").scopes == ["rules:read", "ingest"]


def test_a_key_that_cannot_be_is_told(world: None) -> None:
    assert "no organisation nowhere" in refused("create_api_key", "nowhere", "--name", "k", "--scope", "*")
    words = refused("create_api_key", "acme", "--name", "k", "--scope", "monitors:delete")
    assert "monitors:delete" in words
    assert "monitors:write" in words
    assert "name" in refused("create_api_key", "acme", "--name", "", "--scope", "*").lower()
    assert ApiKey.objects.count() == 0
