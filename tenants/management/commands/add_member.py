"""Give a person a role in an organisation."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from pulse import links
from tenants import membership, signin
from tenants.abilities import Role
from tenants.actors import COMMAND_LINE
from tenants.models import Organisation


class Command(BaseCommand):
    help = "Give a person a role in an organisation; a new e-mail gets a one-time sign-in link."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("email")
        parser.add_argument("--role", required=True, choices=[role.value for role in Role])

    def handle(self, *args: Any, **options: Any) -> None:
        organisation = Organisation.objects.filter(slug=options["slug"]).first()
        if organisation is None:
            raise CommandError(f"There is no organisation {options['slug']}.")
        email = options["email"].strip().lower()
        try:
            validate_email(email)
            user, _ = membership.find_or_create_user(email)
            membership.add(organisation, user, Role(options["role"]), COMMAND_LINE)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        except membership.LastOwner as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{email} is {options['role']} of {organisation.name}.")
        if not user.has_usable_password():
            link = links.absolute(signin.make_link(user))
            self.stdout.write(f"{email} signs in once, within 24 hours, with: {link}")
