"""On the first start make the demo and print how to get in; on later ones keep the demo on its address."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from pulse import links
from pulse.demo import filling
from tenants import signin
from tenants.models import Organisation, User

HOW_TO_CREATE = """\
There is no organisation yet. Make one with
  .venv/bin/python manage.py create_org acme --name Acme --owner-email you@example.com
or sign up as its owner at {signup}"""
DEMO_IS_READY = """\
The demo organisation is ready. Its shop fails for one minute in every five, soon for the first time.
Sign in as its owner, once, within 24 hours:
  {link}"""


class Command(BaseCommand):
    help = __doc__ or ""

    def handle(self, *args: Any, **options: Any) -> None:
        demo = filling.find()
        if demo is not None and settings.PULSE_DEMO:
            filling.move(demo)
            self._lead_in(User.objects.filter(email=filling.OWNER, last_login=None).first())
        elif Organisation.objects.exists():
            return
        elif settings.PULSE_DEMO:
            self._lead_in(filling.make()[1])
        else:
            self.stdout.write(HOW_TO_CREATE.format(signup=links.absolute("/accounts/signup/")))

    def _lead_in(self, owner: User | None) -> None:
        """Until the owner has been in once, each start prints a fresh link: an earlier one may be lost."""
        if owner is not None:
            self.stdout.write(DEMO_IS_READY.format(link=links.absolute(signin.make_link(owner))))
