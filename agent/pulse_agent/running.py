"""Collect at every interval, keep it on disk, and send what is kept, the oldest first."""

from __future__ import annotations

import logging
import random
import threading
import time
import uuid
from typing import Any

import psutil

from pulse_agent.collecting import Collector
from pulse_agent.configuration import Configuration
from pulse_agent.sample import counter, gauge
from pulse_agent.sending import Answer, Fate, Sender
from pulse_agent.spool import Spool

log = logging.getLogger("pulse_agent")

BATCHES_AT_ONCE = 20
WAIT_FIRST_S, WAIT_AT_MOST_S, ASKED_AT_MOST_S = 1.0, 60.0, 3600.0


class Agent:
    """Two threads: a slow or absent server never delays the next look at the host."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._collector = Collector(configuration)
        self._sender = Sender(configuration)
        self._spool = Spool(configuration.buffer, configuration.buffer_bytes)
        self._lock = threading.Lock()  # around the spool
        self._stopping = threading.Event()
        self._new = threading.Event()
        self._process = psutil.Process()
        self._at_once = BATCHES_AT_ONCE
        self._told = ""

    def run(self) -> None:
        """Until `stop`. What could not be sent by then is kept for the next start."""
        sending = threading.Thread(target=self._send_all, name="sending", daemon=True)
        sending.start()
        self._collector.collect(time.monotonic())  # shares of the CPU begin here
        next_at = time.monotonic() + random.uniform(0, self._configuration.jitter)  # noqa: S311  # spreads load
        while not self._stopping.wait(max(0.0, next_at - time.monotonic())):
            self._keep(self.batch())
            next_at += self._configuration.interval
            if next_at < time.monotonic():  # it slept, or a command took long: no turns are made up for
                next_at = time.monotonic() + self._configuration.interval
        self._new.set()
        sending.join(self._configuration.timeout + 1)

    def stop(self) -> None:
        self._stopping.set()
        self._new.set()

    def batch(self) -> dict[str, Any]:
        """What the host is like now, ready to be sent."""
        at = round(time.time(), 3)
        samples = self._collector.collect(time.monotonic())
        times = self._process.cpu_times()
        samples += [
            gauge("agent.waiting", len(self._spool)),
            counter("agent.dropped", self._spool.dropped),
            gauge("agent.memory", self._process.memory_info().rss, "bytes"),
            counter("agent.cpu", times.user + times.system, "s"),
        ]
        host = {"name": self._configuration.host}
        if self._configuration.host_id:
            host["id"] = self._configuration.host_id
        return {
            "host": host,
            "batch": str(uuid.uuid4()),
            "samples": [{**sample, "at": at} for sample in samples],
        }

    def _keep(self, batch: dict[str, Any]) -> None:
        try:
            with self._lock:
                self._spool.add(batch)
        except OSError as error:
            log.error(
                "the batch of this turn is lost: %s cannot be written: %s", self._configuration.buffer, error
            )
        self._new.set()

    def _send_all(self) -> None:
        wait = WAIT_FIRST_S
        while not self._stopping.is_set():
            self._new.clear()
            if not self._spool:
                self._new.wait()
                continue
            answer = self._send_some()
            if answer is None or answer.fate is not Fate.LATER:
                wait = WAIT_FIRST_S
                continue
            asked = min(answer.wait or 0.0, ASKED_AT_MOST_S)
            self._stopping.wait(max(asked, random.uniform(wait / 2, wait)))  # noqa: S311  # not all hosts at once
            wait = min(WAIT_AT_MOST_S, wait * 2)

    def _send_some(self) -> Answer | None:
        with self._lock:
            names = self._spool.first(self._at_once)
            found = [(name, self._spool.read(name)) for name in names]
        batches = [(name, content) for name, content in found if content is not None]
        if not batches:
            return None
        answer = self._sender.send([content for _, content in batches])
        self._tell(answer)
        if answer.fate in (Fate.TOO_LARGE, Fate.REFUSED) and len(batches) > 1:
            self._at_once = max(1, len(batches) // 2)  # find the one at fault, or a size that is taken
            return answer
        if answer.fate is not Fate.LATER:
            self._done([name for name, _ in batches], answer)
        return answer

    def _done(self, names: list[str], answer: Answer) -> None:
        if answer.fate is Fate.STORED:
            self._at_once = min(BATCHES_AT_ONCE, self._at_once * 2)
        else:
            log.error("a batch is dropped: Pulse will never take it")
        with self._lock:
            for name in names:
                self._spool.remove(name)

    def _tell(self, answer: Answer) -> None:
        """Each trouble once, and its end."""
        if answer.words and answer.words != self._told:
            later = answer.fate is Fate.LATER
            log.warning("%s%s", answer.words, "; values are kept and sent later" if later else "")
        elif not answer.words and self._told:
            log.info("Pulse takes values again; %d batches wait", len(self._spool) - 1)
        self._told = answer.words
