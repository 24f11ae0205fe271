"""Two admin sites: the installation's for staff, an organisation's own rows for its owners to look at."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from notifications.models import NotificationChannel
from pulse.scoping import in_tenant
from tenants import keys, membership
from tenants.abilities import Role
from tenants.actors import COMMAND_LINE
from tenants.models import ApiKey, User
from tests.incidents.test_views import open_one
from tests.notifications.making import rule, webhook

ROWS = ("monitors/monitor", "incidents/incident", "incidents/timelineentry",
        "notifications/notificationchannel", "notifications/rule")  # fmt: skip
PUBLIC = ("tenants/user", "tenants/organisation", "tenants/membership", "tenants/apikey")


@pytest.fixture
def staff(world: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root@pulse.example"), backend=None)
    return client


@pytest.mark.parametrize("path", ["", *(f"{row}/" for row in ROWS)])
def test_an_owner_looks_at_every_kind_of_row(acme: Any, as_alice: Client, path: str) -> None:
    open_one(acme)
    rule(acme, webhook(acme))

    assert as_alice.get(f"/o/acme/admin/{path}").status_code == 200


@pytest.mark.parametrize("path", ["", "monitors/monitor/", "login/", "password_change/"])
def test_a_stranger_gets_what_an_unknown_organisation_gives(acme: Any, as_charlie: Client, path: str) -> None:
    unknown = as_charlie.get(f"/o/nobody/admin/{path}")
    foreign = as_charlie.get(f"/o/acme/admin/{path}")

    assert (foreign.status_code, foreign.content) == (404, unknown.content)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.ADMIN])
def test_whoever_is_no_owner_is_refused(acme: Any, role: Role) -> None:
    user, _ = membership.find_or_create_user("olga@acme.example")
    membership.add(acme, user, role, COMMAND_LINE)
    client = Client()
    client.force_login(user, backend=None)

    for path in ("", "monitors/monitor/", "notifications/notificationchannel/"):
        assert client.get(f"/o/acme/admin/{path}").status_code == 403


def test_rows_are_read_only_and_secrets_hidden(acme: Any, as_alice: Client) -> None:
    channel = webhook(acme)
    row = f"/o/acme/admin/notifications/notificationchannel/{channel.pk}"

    page = as_alice.get(f"{row}/change/")

    assert page.status_code == 200
    assert channel.sealed_secret not in page.content.decode()
    assert as_alice.post(f"{row}/change/", {"name": "x"}).status_code == 403
    assert as_alice.post(f"{row}/delete/", {"post": "yes"}).status_code == 403
    assert as_alice.get("/o/acme/admin/notifications/notificationchannel/add/").status_code == 403
    with in_tenant(acme):
        assert NotificationChannel.objects.get().name == "Ops"


def test_an_owner_sees_the_rows_of_one_organisation_only(acme: Any, globex: Any, as_alice: Client) -> None:
    webhook(acme, "Ours")
    webhook(globex, "Theirs")

    page = as_alice.get("/o/acme/admin/notifications/notificationchannel/").content.decode()

    assert "Ours" in page
    assert "Theirs" not in page


@pytest.mark.parametrize("path", ["", *(f"{row}/" for row in PUBLIC)])
def test_staff_look_at_the_installation(acme: Any, staff: Client, path: str) -> None:
    keys.create(acme, "suite", ["*"], COMMAND_LINE)

    assert staff.get(f"/admin/{path}").status_code == 200


def test_an_owner_of_an_organisation_is_no_staff(as_alice: Client) -> None:
    assert as_alice.get("/admin/", follow=True).status_code == 403


def test_visitors_sign_in_through_the_one_door(world: None) -> None:
    answer = Client().get("/admin/", follow=True)

    assert answer.redirect_chain[-1][0].startswith("/accounts/login/")


def test_passwords_change_through_the_one_door(staff: Client, as_alice: Client) -> None:
    for client, admin in ((staff, "/admin/"), (as_alice, "/o/acme/admin/")):
        assert client.get(f"{admin}password_change/").headers["Location"] == "/accounts/password/change/"
        assert client.post(f"{admin}logout/").headers["Location"] == "/accounts/logout/"


def test_memberships_and_keys_are_changed_by_their_verbs_only(acme: Any, alice: User, staff: Client) -> None:
    pk = alice.memberships.get().pk

    assert staff.post(f"/admin/tenants/membership/{pk}/delete/", {"post": "yes"}).status_code == 403
    assert staff.get("/admin/tenants/apikey/add/").status_code == 403


def test_staff_revoke_a_key(acme: Any, staff: Client) -> None:
    key, _ = keys.create(acme, "suite", ["*"], COMMAND_LINE)

    staff.post("/admin/tenants/apikey/", {"action": "revoke", "_selected_action": [str(key.pk)]})

    assert ApiKey.objects.get().revoked_at is not None


def test_somebody_made_by_staff_has_no_password(staff: Client) -> None:
    form = {
        "email": "Zoe@acme.example",
        "name": "Zoe",
        "is_active": "on",
        "date_joined_0": "2026-05-01",
        "date_joined_1": "00:00",
    }

    staff.post("/admin/tenants/user/add/", form)

    user = User.objects.get(email="zoe@acme.example")
    assert not user.has_usable_password()
