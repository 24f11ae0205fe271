"""Run checks in this process, without Celery: the same claim, engine and record."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from monitors.checking import Checker
from monitors.deadlines import Deadlines


class Command(BaseCommand):
    help = "Run checks in this process, without Celery and without Redis, until SIGTERM or ^C."

    def handle(self, *args: Any, **options: Any) -> None:
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        checker, deadlines = Checker(owns_process=True), Deadlines()
        checker.start()
        deadlines.start()
        self.stdout.write("Checks are running.")
        while not stopped.wait(1):
            if not (checker.alive and deadlines.alive):
                self.stderr.write("A thread of the checker has died; its error is in the log.")
                raise SystemExit(1)
        deadlines.stop()
        checker.stop()
