"""Lines that let a new host report, ready to be copied."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass

from monitors.hosts.finding import identity_of
from monitors.models import Monitor
from pulse.links import absolute


@dataclass(frozen=True, slots=True)
class Snippet:
    id: str
    title: str
    text: str


def snippets(monitor: Monitor) -> list[Snippet]:
    """By the agent, by its settings, and by curl; the key is left for its owner to fill in."""
    identity, base = identity_of(monitor.name, monitor.config), absolute("")
    setting = "host_id" if monitor.config.get("reports_as") else "host"
    agent = (
        f"PULSE_AGENT_URL={shlex.quote(base)} PULSE_AGENT_KEY=ppk_live_… \\\n"
        f"PULSE_AGENT_{setting.upper()}={shlex.quote(identity)} /opt/pulse-agent/bin/pulse-agent --check"
    )
    host = {"id" if setting == "host_id" else "name": identity}
    body = json.dumps({"host": host, "samples": [{"name": "queue.length", "value": 42}]}, ensure_ascii=False)
    curl = (
        f"curl -X POST {shlex.quote(absolute('/v1/ingest/metrics'))} \\\n"
        '  -H "Authorization: Bearer ppk_live_…" -H "Content-Type: application/json" \\\n'
        f"  -d {shlex.quote(body)}"
    )
    file = f"[pulse]\nurl = {base}\nkey_file = /etc/pulse-agent/key\n{setting} = {identity}"
    return [
        Snippet("host-agent", "Try pulse-agent", agent),
        Snippet("host-file", "/etc/pulse-agent/pulse-agent.ini", file),
        Snippet("host-curl", "curl", curl),
    ]
