"""Bring the database to this version: public schema, template, every organisation, partitions."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, connection

from tenants import preparation


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--quiet", action="store_true", help="Say nothing when all is well.")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        preparation.become_owner()
        try:
            connection.ensure_connection()
        except OperationalError as error:
            raise CommandError(unreachable(error)) from None
        if not preparation.may_prepare():
            role = connection.settings_dict["USER"]
            raise CommandError(
                f"The role {role!r} may not change this database: set DATABASE_ADMIN_URL to its owner's address."
            )
        with preparation.alone(connection):
            failed = preparation.migrate()
            made = preparation.make_partitions()
        if failed:
            lines = "\n".join(f"  {schema}: {error}" for schema, error in failed.items())
            raise CommandError(
                f"What follows could not be migrated; everything else is done.\n{lines}\n"
                "Mend what the lines say and run prepare_database again: it goes on where it stopped."
            )
        if not options["quiet"]:
            seconds = time.monotonic() - started
            self.stdout.write(f"Database ready in {seconds:.1f} s ({made} new partitions).")
            if others := preparation.connected("pulse checks"):
                self.stdout.write(
                    f"Another Pulse works on this database ({others} checks workers are connected):"
                    " the two share its work."
                )


def unreachable(error: OperationalError) -> str:
    settings = connection.settings_dict
    where = settings["HOST"] or "the local socket"
    reason = str(error).strip().splitlines()[-1]
    return (
        f"The database {settings['NAME']!r} on {where} cannot be reached as {settings['USER']!r}: {reason}\n"
        f"Check DATABASE_URL, or unset it to use the embedded server."
    )
