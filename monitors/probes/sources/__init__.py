"""The sources that numbers can be asked of: one module each, listed here."""

from __future__ import annotations

from monitors.probes.sources import cloudwatch, datadog, grafana, newrelic, pingdom, prometheus
from monitors.probes.sources.shape import Source

# In the order in which people choose.
SOURCES: dict[str, Source] = {
    "prometheus": prometheus.SOURCE,
    "datadog": datadog.SOURCE,
    "grafana": grafana.SOURCE,
    "newrelic": newrelic.SOURCE,
    "pingdom": pingdom.SOURCE,
    "cloudwatch": cloudwatch.SOURCE,
}
