"""Pulse, loaded and at rest: what each worker of a fault test is forked from."""

from __future__ import annotations

import os
import threading

import django
from django.core.management import load_command_class

from tests.faults.processes import ROLE

os.environ |= ROLE  # before the settings read it
django.setup()
for app, command in (
    ("monitors", "run_checks"),
    ("notifications", "run_deliveries"),
    ("monitors", "pack_results"),
):
    load_command_class(app, command)
assert threading.active_count() == 1
