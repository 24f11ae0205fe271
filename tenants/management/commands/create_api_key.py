"""Make an API key and print it once."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants import keys
from tenants.abilities import SCOPES
from tenants.actors import COMMAND_LINE
from tenants.models import Organisation


class Command(BaseCommand):
    help = "Make an API key. It alone goes to standard output, this once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--name", required=True)
        parser.add_argument(
            "--scope", nargs="+", action="extend", required=True, help=f"Any of: {' '.join(SCOPES)}"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        organisation = Organisation.objects.filter(slug=options["slug"]).first()
        if organisation is None:
            raise CommandError(f"There is no organisation {options['slug']}.")
        try:
            _, key = keys.create(organisation, options["name"], options["scope"], COMMAND_LINE)
        except ValueError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(key)
        self.stderr.write(f"Key {options['name']!r} of {organisation.slug}: keep it, it is not shown again.")
