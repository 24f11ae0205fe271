from django.apps import AppConfig

from pulse.rowsecurity import Partitioned

RESULTS_KEPT_DAYS = 30
EVIDENCE_KEPT_DAYS = 90


class TelemetryConfig(AppConfig):
    name = "monitors.telemetry"
    label = "telemetry"
    partitioned = (
        Partitioned("telemetry_checkresult", "day", RESULTS_KEPT_DAYS),
        Partitioned("telemetry_gap", "day", RESULTS_KEPT_DAYS),
        Partitioned("telemetry_evidence", "day", EVIDENCE_KEPT_DAYS),
    )
