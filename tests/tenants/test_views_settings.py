"""Settings and team: who may change whom, and secrets that are shown once."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenants import keys, membership, signin
from tenants.abilities import Role
from tenants.actors import COMMAND_LINE
from tenants.models import ApiKey, Membership, Organisation, User

SETTINGS = "/o/acme/settings/"


def join(organisation: Any, email: str, role: Role) -> Membership:
    user, _ = membership.find_or_create_user(email, "correct horse battery")
    return membership.add(organisation, user, role, COMMAND_LINE)


def confirm(user: User) -> None:
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)


def client_of(member: Membership) -> Client:
    client = Client()
    client.force_login(member.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def role_of(member: Membership) -> str | None:
    return Membership.objects.filter(pk=member.pk).values_list("role", flat=True).first()


@pytest.fixture
def owner(acme: Any) -> Membership:
    return Membership.objects.get(organisation=acme, role=Role.OWNER)


@pytest.fixture
def admin(acme: Any) -> Membership:
    return join(acme, "ada@acme.example", Role.ADMIN)


def test_a_stranger_gets_what_an_unknown_organisation_gives(acme: Any, as_charlie: Client) -> None:
    unknown, foreign = as_charlie.get("/o/nobody/settings/"), as_charlie.get(SETTINGS)

    assert (foreign.status_code, foreign.content) == (404, unknown.content)
    for path in ("members/", "keys/"):
        assert as_charlie.post(SETTINGS + path).status_code == 404


def test_a_stranger_cannot_reach_members_and_keys_through_an_own_organisation(
    acme: Any, globex: Any, owner: Membership, as_charlie: Client
) -> None:
    key, _ = keys.create(acme, "suite", ["*"], COMMAND_LINE)

    for path in (f"members/{owner.pk}/", f"members/{owner.pk}/removal/", f"keys/{key.pk}/revocation/"):
        assert as_charlie.post(f"/o/globex/settings/{path}", {"role": "viewer"}).status_code == 404
    assert role_of(owner) == Role.OWNER
    assert ApiKey.objects.get(pk=key.pk).revoked_at is None


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_viewers_and_operators_may_not_enter(acme: Any, role: Role) -> None:
    client = client_of(join(acme, "olga@acme.example", role))

    assert client.get(SETTINGS).status_code == 403
    for path in ("members/", "members/1/", "members/1/removal/", "keys/", "retention/"):
        assert client.post(SETTINGS + path).status_code == 403


def test_somebody_new_gets_a_link_that_is_shown_once(acme: Any, as_alice: Client) -> None:
    answer = as_alice.post(f"{SETTINGS}members/", {"email": "Zoe@acme.example", "role": "operator"})

    links = re.findall(r"http://testserver(/sign-in/[\w-]+/)", answer.content.decode())
    assert len(links) == 1
    assert "no-store" in answer.headers["Cache-Control"]
    assert "/sign-in/" not in as_alice.get(SETTINGS).content.decode()
    visitor = Client()
    assert visitor.post(links[0], follow=True).redirect_chain[-1][0] == "/o/acme/"


def test_who_has_a_password_gets_no_link(acme: Any, as_alice: Client) -> None:
    confirm(membership.find_or_create_user("zoe@acme.example", "correct horse battery")[0])

    answer = as_alice.post(
        f"{SETTINGS}members/", {"email": "zoe@acme.example", "role": "viewer"}, follow=True
    )

    assert "zoe@acme.example is viewer now." in answer.content.decode()
    assert "/sign-in/" not in answer.content.decode()


def test_no_link_is_made_for_who_belongs_to_another_organisation(
    acme: Any, globex: Any, as_alice: Client
) -> None:
    """It would open that organisation too."""
    user, _ = membership.find_or_create_user("zoe@globex.example")
    membership.add(globex, user, Role.OWNER, COMMAND_LINE)
    confirm(user)

    answer = as_alice.post(f"{SETTINGS}members/", {"email": user.email, "role": "viewer"}, follow=True)

    assert "/sign-in/" not in answer.content.decode()


def test_an_admin_cannot_touch_an_owner(acme: Any, admin: Membership, owner: Membership) -> None:
    client = client_of(admin)

    page = client.post(f"{SETTINGS}members/{owner.pk}/", {"role": "viewer"}, follow=True).content.decode()
    client.post(f"{SETTINGS}members/{owner.pk}/removal/")
    again = client.post(f"{SETTINGS}members/", {"email": owner.user.email, "role": "viewer"})

    assert "only an owner may change that" in page
    assert again.status_code == 422
    assert role_of(owner) == Role.OWNER


def test_an_admin_makes_nobody_an_owner(acme: Any, admin: Membership) -> None:
    client, viewer = client_of(admin), join(acme, "olga@acme.example", Role.VIEWER)

    page = client.post(f"{SETTINGS}members/{viewer.pk}/", {"role": "owner"}, follow=True).content.decode()
    client.post(f"{SETTINGS}members/{admin.pk}/", {"role": "owner"})
    new = client.post(f"{SETTINGS}members/", {"email": "zoe@acme.example", "role": "owner"})

    assert "You are admin: give one of the roles" in page
    assert new.status_code == 422
    assert (role_of(viewer), role_of(admin)) == (Role.VIEWER, Role.ADMIN)
    assert not User.objects.filter(email="zoe@acme.example").exists()


def test_an_owner_changes_and_removes(acme: Any, admin: Membership, as_alice: Client) -> None:
    as_alice.post(f"{SETTINGS}members/{admin.pk}/", {"role": "operator"})
    assert role_of(admin) == Role.OPERATOR

    page = as_alice.post(f"{SETTINGS}members/{admin.pk}/removal/", follow=True).content.decode()
    assert "ada@acme.example is no longer a member." in page
    assert client_of(admin).get("/o/acme/").status_code == 404


def test_the_last_owner_stays(acme: Any, owner: Membership, as_alice: Client) -> None:
    left = as_alice.post(f"{SETTINGS}members/{owner.pk}/removal/", follow=True).content.decode()
    changed = as_alice.post(
        f"{SETTINGS}members/{owner.pk}/", {"role": "viewer"}, follow=True
    ).content.decode()

    assert "is the only owner of Acme: make somebody else owner first." in left
    assert "is the only owner of Acme" in changed
    assert role_of(owner) == Role.OWNER


def test_who_leaves_goes_home(acme: Any, admin: Membership) -> None:
    answer = client_of(admin).post(f"{SETTINGS}members/{admin.pk}/removal/", follow=True)

    assert answer.redirect_chain == [("/", 302)]
    assert "belong to no organisation" in answer.content.decode()


def test_a_bad_address_keeps_what_was_typed(acme: Any, as_alice: Client) -> None:
    answer = as_alice.post(f"{SETTINGS}members/", {"email": "nobody", "role": "viewer"})

    assert answer.status_code == 422
    assert 'value="nobody"' in answer.content.decode()


def test_a_key_is_shown_once_with_a_line_to_try(acme: Any, as_alice: Client) -> None:
    form = {"name": "Deploy", "scopes": ["monitors:read"], "expires": "30"}

    answer = as_alice.post(f"{SETTINGS}keys/", form)

    found = re.findall(r"ppk_live_[0-9A-Za-z]{36}", answer.content.decode())
    assert len(set(found)) == 1
    assert "curl -H" in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    assert found[0] not in as_alice.get(SETTINGS).content.decode()
    row = ApiKey.objects.get()
    assert row.expires_at is not None
    assert timedelta(days=29) < row.expires_at - timezone.now() < timedelta(days=31)
    assert Client(headers={"Authorization": f"Bearer {found[0]}"}).get("/v1/monitors").status_code == 200


def test_a_key_may_last_for_ever_and_needs_a_scope(acme: Any, as_alice: Client) -> None:
    refused = as_alice.post(f"{SETTINGS}keys/", {"name": "Deploy", "expires": "never"})
    as_alice.post(f"{SETTINGS}keys/", {"name": "Deploy", "expires": "never", "scopes": ["*"]})

    assert refused.status_code == 422
    assert 'value="Deploy"' in refused.content.decode()
    assert ApiKey.objects.get().expires_at is None


def test_a_revoked_key_is_refused(acme: Any, as_alice: Client, api: Any) -> None:
    page = as_alice.post(f"{SETTINGS}keys/{api.row.pk}/revocation/", follow=True).content.decode()

    assert "The key suite no longer works." in page
    assert api.get("monitors").status_code == 401


def test_mute_and_unmute_from_here(acme: Any, as_alice: Client) -> None:
    muted = as_alice.post("/o/acme/mute/", {"duration": "1h", "from_settings": "1"}, follow=True)
    assert muted.redirect_chain == [(SETTINGS, 302)]
    assert "Everything is muted until" in muted.content.decode()

    as_alice.post("/o/acme/mute/", {"unmute": "1"})
    assert Organisation.objects.get(slug="acme").muted_until is None


def test_the_page_costs_the_same_for_three_and_thirty(acme: Any, as_alice: Client) -> None:
    def cost(start: int, number: int) -> int:
        for place in range(start, start + number):
            join(acme, f"p{place}@acme.example", Role.VIEWER)
            keys.create(acme, f"key {place}", ["*"], COMMAND_LINE)
        with CaptureQueriesContext(connection) as queries:
            as_alice.get(SETTINGS)
        return len(queries)

    cost(0, 0)
    assert cost(0, 3) == cost(3, 27) < 20


def test_an_account_that_never_confirmed_its_address_is_not_let_in(
    acme: Any, as_alice: Client, charlie: Any
) -> None:
    refused = as_alice.post(SETTINGS + "members/", {"email": charlie.email, "role": "viewer"})
    assert refused.status_code == 422
    assert b"without having confirmed it" in refused.content

    confirm(charlie)
    as_alice.post(SETTINGS + "members/", {"email": charlie.email, "role": "viewer"})

    assert charlie.memberships.filter(organisation=acme, role="viewer").exists()


def test_joining_another_organisation_ends_the_links_that_were_out(acme: Any, globex: Any) -> None:
    """Whoever kept one would stand in that organisation too."""
    user, _ = membership.find_or_create_user("zoe@acme.example")
    membership.add(acme, user, Role.VIEWER, COMMAND_LINE)
    older, newer = signin.make_link(user), signin.make_link(user)
    assert signin.redeem(older.split("/")[2]) is None

    membership.add(globex, user, Role.VIEWER, COMMAND_LINE)

    assert signin.redeem(newer.split("/")[2]) is None


def test_an_admin_sets_how_long_results_are_kept(acme: Any, admin: Membership) -> None:
    client = client_of(admin)

    client.post(f"{SETTINGS}retention/", {"days": "90"})

    acme.refresh_from_db()
    assert acme.results_kept_days == 90
    assert 'value="90"' in client.get(SETTINGS).content.decode()
    client.post(f"{SETTINGS}retention/", {"days": ""})
    acme.refresh_from_db()
    assert acme.results_kept_days is None


@pytest.mark.parametrize("days", ["2", "401", "many"])
def test_retention_beyond_its_bounds_is_refused_beside_the_field(
    days: str, acme: Any, admin: Membership
) -> None:
    answer = client_of(admin).post(f"{SETTINGS}retention/", {"days": days})

    assert answer.status_code == 422
    assert "field__error" in answer.content.decode()
    acme.refresh_from_db()
    assert acme.results_kept_days is None
