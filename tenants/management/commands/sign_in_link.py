"""Print a one-time sign-in link for whoever lost the password where no mail server can help."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from pulse import links
from tenants import signin
from tenants.models import User


class Command(BaseCommand):
    help = "Print a fresh link that signs a person in, once, within 24 hours. Whoever has it is that person."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"].strip()
        user = User.objects.filter(email__iexact=email).first()
        if user is None:
            raise CommandError(f"Nobody here has the address {email}.")
        if not user.is_active:
            raise CommandError(f"The account {email} is closed: open it again under /admin/ first.")
        self.stdout.write(links.absolute(signin.make_link(user)))
