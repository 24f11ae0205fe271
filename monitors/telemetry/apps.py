from django.apps import AppConfig
from django.conf import settings

from pulse.rowsecurity import Partitioned
from tenants.bounds import RESULTS_MOST_DAYS, RESULTS_USUAL_DAYS

# Results are packed within the hour after theirs; a worker may still come back with one that is days late.
FRESH_KEPT_DAYS = 7
ROLLUP_HOURS_KEPT_DAYS = 100
ROLLUP_DAYS_KEPT_DAYS = 760
GAPS_KEPT_DAYS = 400
# Rows of an hour are compressed at any size; what does not shrink is left as it is.
PACKED = "toast_tuple_target = 128"
KEPT_LONGER = "tenant_no IN (SELECT no FROM public.tenants_organisation WHERE results_kept_days > 30)"
EVIDENCE_KEPT_DAYS = 90
PINGS_KEPT_DAYS = 30
DECISIONS_KEPT_DAYS = 400
ROLLUPS_FIVE_KEPT_DAYS = 93
ROLLUPS_HOUR_KEPT_DAYS = 750


class TelemetryConfig(AppConfig):
    name = "monitors.telemetry"
    label = "telemetry"
    partitioned = (
        # Nothing goes before it is packed.
        Partitioned("telemetry_checkresult", "day", FRESH_KEPT_DAYS, spared="true"),
        # Results of organisations that keep them longer are moved before their day goes.
        Partitioned(
            "telemetry_packedusual",
            "day",
            RESULTS_USUAL_DAYS,
            options=PACKED,
            spared=KEPT_LONGER,
        ),
        Partitioned("telemetry_packedlong", "month", RESULTS_MOST_DAYS, 62, options=PACKED),
        Partitioned("telemetry_resulthour", "month", ROLLUP_HOURS_KEPT_DAYS, RESULTS_USUAL_DAYS),
        Partitioned("telemetry_resultday", "month", ROLLUP_DAYS_KEPT_DAYS, RESULTS_USUAL_DAYS),
        # Uptime over a year knows what was not measured.
        Partitioned("telemetry_gap", "day", GAPS_KEPT_DAYS, RESULTS_USUAL_DAYS),
        Partitioned("telemetry_evidence", "day", EVIDENCE_KEPT_DAYS),
        Partitioned("telemetry_decision", "month", DECISIONS_KEPT_DAYS, RESULTS_USUAL_DAYS),
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
