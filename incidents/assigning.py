"""Who may be given an incident: the members who could do something about it."""

from __future__ import annotations

from uuid import UUID

from pulse import scoping
from pulse.fields import FieldError
from tenants.abilities import Ability
from tenants.models import Membership


def members() -> list[tuple[UUID, str]]:
    """(id, name) of those who may handle incidents, by name."""
    found = Membership.objects.filter(organisation_id=scoping.current().no).select_related("user")
    able = [(member.user.pk, str(member.user)) for member in found if member.may(Ability.HANDLE)]
    return sorted(able, key=lambda member: member[1].lower())


def find(value: object) -> tuple[UUID, str]:
    """The member with this id or e-mail address; raises FieldError for anybody else."""
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise FieldError("Name a member of this organisation by e-mail address or id.")
    found = Membership.objects.filter(organisation_id=scoping.current().no).select_related("user")
    try:
        member = found.filter(user_id=UUID(value)).first()
    except ValueError:
        member = found.filter(user__email__iexact=value.strip()).first()
    if member is None:
        raise FieldError(f"Name a member of this organisation: {value[:80]} is none.")
    if not member.may(Ability.HANDLE):
        raise FieldError(f"Name an operator, an admin or an owner: {member.user} may only look.")
    return member.user.pk, str(member.user)
