"""Run checks in this process, without Celery: the same claim, engine and record."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from monitors.checking import Checker
from monitors.deadlines import Deadlines
from monitors.suppression.releasing import Releaser


class Command(BaseCommand):
    help = "Run checks in this process, without Celery and without Redis, until SIGTERM or ^C."
    # Django's look at the project imports every page: a quarter of the start, and memory that no check needs.
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        checker, beside = Checker(owns_process=True), (Deadlines(), Releaser())
        checker.start()
        for thread in beside:
            thread.start()
        self.stdout.write("Checks are running.")
        while not stopped.wait(1):
            if not (checker.alive and all(thread.alive for thread in beside)):
                self.stderr.write("A thread of the checker has died; its error is in the log.")
                raise SystemExit(1)
        for thread in beside:
            thread.stop()
        checker.stop()
