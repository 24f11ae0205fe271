"""The kinds of checks: one module each, listed here."""

from monitors.probes import http, mysql, postgresql, redis
from monitors.probes.probe import Probe

PROBES: dict[str, Probe] = {
    "http": http.PROBE,
    "mysql": mysql.PROBE,
    "postgresql": postgresql.PROBE,
    "redis": redis.PROBE,
}
