"""Add people to an organisation, change what they may do, and let them go."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.db import transaction

from pulse import live
from tenants.abilities import Role
from tenants.actors import Actor
from tenants.audit import record
from tenants.models import Membership, Organisation, User
from tenants.signin import retire_links


class MembershipError(Exception):
    """Why a membership stays as it is, in words for the person who asked."""


class LastOwner(MembershipError):
    """An organisation keeps at least one owner: make someone else owner first."""


def find_or_create_user(email: str, password: str | None = None) -> tuple[User, bool]:
    """A known e-mail keeps its password and name; a new one gets the password, or none at all."""
    user = User.objects.filter(email__iexact=email).first()
    if user:
        return user, False
    return User.objects.create_user(email, password), True


def add(organisation: Organisation, user: User, role: Role, by: Actor) -> Membership:
    """Give a person a role; one who is a member already gets the new role."""
    with transaction.atomic():
        membership = (
            Membership.objects.select_for_update().filter(organisation=organisation, user=user).first()
        )
        if membership is None:
            membership = Membership.objects.create(organisation=organisation, user=user, role=role)
            retire_links(user)
            record(organisation, by, "added", "member", user.pk, str(user), {"role": role})
        elif membership.role != role:
            _keep_an_owner(membership)
            before, membership.role = membership.role, role
            membership.save(update_fields=["role"])
            record(organisation, by, "changed", "member", user.pk, str(user), {"role": [before, role]})
            live.recheck(user.pk)
    return membership


def remove(membership: Membership, by: Actor) -> None:
    """Pages answer 404 from the next request on, and open sockets close within a second."""
    with transaction.atomic():
        _keep_an_owner(membership)
        user, organisation = membership.user, membership.organisation
        membership.delete()
        record(organisation, by, "removed", "member", user.pk, str(user))
        live.recheck(user.pk)


def invite(by: Membership, email: str, role: Role) -> Membership:
    """Add the person of that address, or change the role of one who is a member already."""
    with transaction.atomic():
        user, is_new = find_or_create_user(email)
        known = Membership.objects.filter(organisation=by.organisation, user=user).first()
        if known:
            may_change(by, known)
        elif not is_new and not has_confirmed(user):
            raise MembershipError(
                f"Somebody uses {email} without having confirmed it: let them sign in and confirm the address first."
            )
        return add(by.organisation, user, role, Actor.person(by.user))


def has_confirmed(user: User) -> bool:
    """Whether the account is known to belong to its address: anybody can sign up under another's."""
    return bool(EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True).exists())


def change(by: Membership, member: Membership, role: Role) -> None:
    may_change(by, member)
    add(by.organisation, member.user, role, Actor.person(by.user))


def expel(by: Membership, member: Membership) -> None:
    may_change(by, member)
    remove(member, Actor.person(by.user))


def may_change(by: Membership, member: Membership) -> None:
    """Nobody changes or removes a member whose role is above their own."""
    if Role(member.role).rank > Role(by.role).rank:
        raise MembershipError(f"{member.user} is {member.role}: only an {member.role} may change that.")


def needs_link(member: Membership) -> bool:
    """Whether whoever added the member may hand over a link that signs in as them.

    Only while the account has no password and is good for this organisation alone: a link to somebody
    who belongs elsewhere would open that organisation too.
    """
    user = member.user
    if user.has_usable_password() or user.is_staff or user.last_login:
        return False
    return not user.memberships.exclude(pk=member.pk).exists()


def organisations_of(user: User) -> list[Membership]:
    """A person's memberships that can be entered, by name."""
    found = user.memberships.select_related("organisation").order_by("organisation__name")
    return list(found.exclude(organisation__state=Organisation.State.SUSPENDED))


def _keep_an_owner(membership: Membership) -> None:
    owners = Membership.objects.select_for_update().filter(
        organisation=membership.organisation, role=Role.OWNER
    )
    if membership.role == Role.OWNER and len(owners) == 1:
        raise LastOwner(
            f"{membership.user} is the only owner of {membership.organisation}: make somebody else owner first."
        )
