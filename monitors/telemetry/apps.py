from django.apps import AppConfig
from django.conf import settings

from pulse.rowsecurity import Partitioned

RESULTS_KEPT_DAYS = 30
EVIDENCE_KEPT_DAYS = 90
PINGS_KEPT_DAYS = 30
ROLLUPS_FIVE_KEPT_DAYS = 93
ROLLUPS_HOUR_KEPT_DAYS = 750


class TelemetryConfig(AppConfig):
    name = "monitors.telemetry"
    label = "telemetry"
    partitioned = (
        Partitioned("telemetry_checkresult", "day", RESULTS_KEPT_DAYS),
        Partitioned("telemetry_gap", "day", RESULTS_KEPT_DAYS),
        Partitioned("telemetry_evidence", "day", EVIDENCE_KEPT_DAYS),
        Partitioned("telemetry_ping", "day", PINGS_KEPT_DAYS),
        Partitioned("telemetry_pingbody", "day", PINGS_KEPT_DAYS),
        Partitioned("telemetry_sample", "day", settings.PULSE_SAMPLES_KEPT_DAYS),
        # They are made of samples: none is ever written further back than those reach.
        Partitioned(
            "telemetry_rollupfive", "month", ROLLUPS_FIVE_KEPT_DAYS, settings.PULSE_SAMPLES_KEPT_DAYS
        ),
        Partitioned(
            "telemetry_rolluphour", "month", ROLLUPS_HOUR_KEPT_DAYS, settings.PULSE_SAMPLES_KEPT_DAYS
        ),
    )
