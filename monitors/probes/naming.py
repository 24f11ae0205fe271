"""How a check names itself to whom it asks: who looks, and for which monitor."""

from __future__ import annotations

from monitors.probes.jobs import Job
from pulse.net.handle import USER_AGENT
from pulse.net.request import MONITOR, Headers


def names(job: Job) -> Headers:
    """The headers of a request that is not libcurl's; a try before anything is saved has no monitor yet."""
    agent = ("User-Agent", job.agent or USER_AGENT)
    return (agent, (MONITOR, job.identity)) if job.identity else (agent,)
