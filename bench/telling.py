"""From a committed transition to the receiver's first byte: alone, beside bad receivers, and with Valkey wiped.

Transitions are committed at a steady rate and told to twenty receivers: by one deliveries worker alone, then beside a
receiver that hangs and one that drips (`telling`); by a Celery worker while Valkey is emptied every 30 s (`wiped`).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

from bench.places import pulse
from bench.report import Figure, at_least, at_most
from bench.telling_site import CELERY, GOOD, WORKER, Site, query, site, wait_until_told, wipe

SHARES = (("p50", 0.5), ("p99", 0.99))
LAST_NO = "SELECT coalesce(max(no), 0) FROM ledger_delivery"
TOLD = "SELECT id, fact_at FROM ledger_delivery WHERE no > %s AND destination = ANY(%s)"


def run(options: argparse.Namespace) -> Iterator[Figure]:
    rate = options.rate or 100
    with site() as place, pulse(place.environment, *WORKER):
        sleep(3)
        alone = _told(place, rate, options.seconds)
        for organisation in place.organisations[:20]:
            for port in place.hooks.ports[GOOD:]:
                place.tell(organisation, port)
        beside = _told(place, rate, options.seconds)
    yield at_least("telling_rate", rate * (1 - alone["missing"]), "transitions/s", rate)
    yield at_most("telling_first_byte_p50", alone["p50"], "ms", 500)
    yield at_most("telling_first_byte_p99", alone["p99"], "ms", 2000)
    yield at_most("telling_p99_beside_bad_receivers", beside["p99"], "ms", max(alone["p99"] * 1.1, 50))
    yield at_most("telling_missing", alone["missing"] + beside["missing"], "messages", 0)


def wiped(options: argparse.Namespace) -> Iterator[Figure]:
    rate = options.rate or 20
    with site() as place:
        log = Path(options.log) if options.log else None
        with pulse(place.environment, *CELERY, log=log):
            sleep(8)
            done = Event()
            wiping = Thread(target=wipe, args=(place.environment["REDIS_URL"], done))
            wiping.start()
            found = _told(place, rate, options.seconds)
            done.set()
            wiping.join()
    yield at_most("wiped_first_byte_p50", found["p50"], "ms", 5000)
    yield at_most("wiped_first_byte_p99", found["p99"], "ms", 5000)
    yield at_most("wiped_lost", found["missing"], "messages", 0)


def _told(place: Site, rate: int, seconds: float) -> dict[str, float]:
    """Commit transitions at `rate` and say how long their first bytes took."""
    before = query(LAST_NO)[0][0]
    began = monotonic()
    for number in range(int(rate * seconds)):
        sleep(max(0.0, began + number / rate - monotonic()))
        place.change()
    wait_until_told(place.hooks, 20)
    ledger = place.hooks.ledger()
    rows = query(TOLD, [before, list(place.hooks.good)])
    waits = sorted(
        (ledger[key][0] - fact_at.timestamp()) * 1000
        for identity, fact_at in rows
        if (key := f"msg_{identity.hex}") in ledger
    )
    found = {name: waits[int(len(waits) * part)] if waits else float("inf") for name, part in SHARES}
    return found | {"missing": len(rows) - len(waits)}
