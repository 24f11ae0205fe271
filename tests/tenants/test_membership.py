"""Who may do what in an organisation, and who may change that."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from django.db import connection

from pulse.scoping import in_tenant
from tenants import membership
from tenants.abilities import LEAST_ROLE, SCOPES, Ability, Role, abilities_of, may, scope_allows
from tenants.actors import COMMAND_LINE
from tenants.membership import LastOwner, MembershipError
from tenants.models import Membership, User


def test_the_last_owner_stays(acme: Any, alice: Any, bob: Any) -> None:
    own = Membership.objects.get(organisation=acme, user=alice)
    with pytest.raises(LastOwner, match="make somebody else owner first"):
        membership.remove(own, COMMAND_LINE)
    with pytest.raises(LastOwner):
        membership.add(acme, alice, Role.ADMIN, COMMAND_LINE)

    membership.add(acme, bob, Role.OWNER, COMMAND_LINE)
    membership.add(acme, alice, Role.ADMIN, COMMAND_LINE)

    assert Membership.objects.get(organisation=acme, user=alice).role == "admin"


def test_the_same_role_again_changes_nothing(acme: Any, bob: Any) -> None:
    membership.add(acme, bob, Role.VIEWER, COMMAND_LINE)

    with in_tenant(acme), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tenants_audit")
        assert cursor.fetchone() == (0,)


def test_every_change_is_recorded_with_who_and_what(acme: Any, bob: Any) -> None:
    membership.add(acme, bob, Role.OPERATOR, COMMAND_LINE)

    with in_tenant(acme), connection.cursor() as cursor:
        cursor.execute("SELECT actor_name, verb, object_kind, object_name, data FROM tenants_audit")
        assert cursor.fetchall() == [
            ("command line", "changed", "member", "bob@acme.example", '{"role": ["viewer", "operator"]}')
        ]


def test_nobody_changes_who_stands_above(acme: Any, alice: Any, bob: Any) -> None:
    owner, viewer = (Membership.objects.get(organisation=acme, user=user) for user in (alice, bob))

    with pytest.raises(MembershipError, match="only an owner"):
        membership.may_change(viewer, owner)
    membership.may_change(owner, viewer)


def test_an_email_is_one_person_in_any_case(world: None, alice: Any) -> None:
    user, is_new = membership.find_or_create_user("ALICE@Acme.example", "another horse battery")

    assert (user, is_new) == (alice, False)
    assert User.objects.get(pk=alice.pk).check_password("correct horse battery")


def test_abilities_grow_with_the_role() -> None:
    assert set(LEAST_ROLE) == set(Ability)
    sets = [abilities_of(role) for role in (Role.VIEWER, Role.OPERATOR, Role.ADMIN, Role.OWNER)]
    assert all(less < more for less, more in pairwise(sets))
    assert sets[0] == {Ability.VIEW}
    assert sets[3] == set(Ability)
    assert not may("operator", Ability.MUTE)


@pytest.mark.parametrize("wanted", [scope for scope in SCOPES if ":" in scope])
def test_a_scope_allows_itself_and_writing_allows_reading(wanted: str) -> None:
    resource, _, verb = wanted.partition(":")
    allowing = {scope for scope in SCOPES if scope_allows([scope], wanted)}

    assert allowing == {wanted, "*", *([f"{resource}:write"] if verb == "read" else [])}
    assert not scope_allows([], wanted)
