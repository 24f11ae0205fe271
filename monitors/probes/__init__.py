"""The kinds of checks: one module each, listed here."""

from monitors.probes import http, redis
from monitors.probes.probe import Probe

PROBES: dict[str, Probe] = {
    "http": http.PROBE,
    "redis": redis.PROBE,
}
