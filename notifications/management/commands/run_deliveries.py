"""Deliver in this process, without Celery: the same relay and courier."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from notifications.courier import Courier


class Command(BaseCommand):
    help = "Route and deliver in this process, without Celery and without Redis, until SIGTERM or ^C."
    # Django's look at the project is for whoever changes it: a third of the start.
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        courier = Courier()
        courier.start()
        self.stdout.write("Deliveries are running.")
        while not stopped.wait(1):
            if not courier.alive:
                self.stderr.write("The courier has died; its error is in the log.")
                raise SystemExit(1)
        courier.stop()
