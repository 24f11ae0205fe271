"""Provision an organisation and its owner."""

from __future__ import annotations

import sys
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from pulse import links
from tenants import provisioning, signin
from tenants.actors import COMMAND_LINE
from tenants.membership import find_or_create_user
from tenants.models import SLUG, Organisation
from tenants.passwords import check_password


class Command(BaseCommand):
    help = "Provision an organisation and its owner. A known e-mail gets a membership and keeps its password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="The name in addresses: /o/<slug>/.")
        parser.add_argument("--name", required=True, help="The name that people read.")
        parser.add_argument("--owner-email", required=True)
        parser.add_argument(
            "--password-stdin", action="store_true", help="Read the owner's password from stdin."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        slug, email, name = options["slug"], options["owner_email"].strip().lower(), options["name"].strip()
        self._check(slug, email, name)
        password = sys.stdin.readline().rstrip("\n") if options["password_stdin"] else None
        if password is not None:
            check_password(password, email)
        user, is_new = find_or_create_user(email, password)
        organisation = provisioning.request_organisation(slug, name, user, by=COMMAND_LINE)
        provisioning.provision(organisation)
        self.stdout.write(f"Organisation {name} is ready: {links.absolute(organisation.url)}")
        if not is_new:
            self.stdout.write(f"{email} was known already and keeps the password.")
        if not user.has_usable_password():
            link = links.absolute(signin.make_link(user))
            self.stdout.write(f"{email} signs in once, within 24 hours, with: {link}")

    def _check(self, slug: str, email: str, name: str) -> None:
        try:
            SLUG(slug)
            validate_email(email)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        if not 1 <= len(name) <= 120 or not name.isprintable():
            raise CommandError("Give the organisation a name of 1 to 120 printable characters.")
        if Organisation.objects.filter(slug=slug).exists():
            raise CommandError(f"There is an organisation {slug} already: choose another slug.")
