"""Every address of the API. A slash at the end is welcome and leads to the same view."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, re_path

from pulse.api import (
    channels,
    deliveries,
    document,
    drills,
    heartbeats,
    incident_verbs,
    incidents,
    ingest,
    judging,
    maintenance,
    monitors,
    oncall,
    organisation,
    pingdom,
    policies,
    rules,
    series,
    trials,
    uptime,
)
from pulse.api.problems import not_found

ID = r"(?P<pk>[^/]+)"


def at(pattern: str, view: Callable[..., Any], name: str) -> URLPattern:
    return re_path(rf"^{pattern}/?$", view, name=name)


app_name = "api"
urlpatterns = [
    at(r"openapi\.json", document.openapi, "openapi"),
    at("monitors", monitors.Monitors.as_view(), "monitors"),
    at("monitors/bulk", monitors.ManyMonitors.as_view(), "many-monitors"),
    at("monitors/bulk/deletion", monitors.ManyDeletions.as_view(), "many-deletions"),
    at("monitors/pingdom", pingdom.Import.as_view(), "pingdom"),
    at("monitors/trial", trials.Trials.as_view(), "trials"),
    at(f"monitors/{ID}", monitors.OneMonitor.as_view(), "monitor"),
    at(f"monitors/{ID}/check", monitors.CheckNow.as_view(), "check"),
    at(f"monitors/{ID}/issuer", monitors.AcceptIssuer.as_view(), "accept-issuer"),
    at(f"monitors/{ID}/trial", trials.OneTrial.as_view(), "trial"),
    at(f"monitors/{ID}/results", monitors.Results.as_view(), "results"),
    at(f"monitors/{ID}/results/(?P<result>[^/]+)", monitors.OneResult.as_view(), "result"),
    at(f"monitors/{ID}/decisions", judging.Decisions.as_view(), "decisions"),
    at(f"monitors/{ID}/backtest", judging.Backtests.as_view(), "backtest"),
    at(f"monitors/{ID}/uptime", uptime.UptimeOfMonitor.as_view(), "uptime"),
    at(f"monitors/{ID}/days", uptime.DaysOfMonitor.as_view(), "days"),
    at(f"monitors/{ID}/latency", uptime.LatencyOfMonitor.as_view(), "latency"),
    at(f"monitors/{ID}/series", series.SeriesOfMonitor.as_view(), "series"),
    at(f"monitors/{ID}/series/(?P<number>[^/]+)/points", series.PointsOfSeries.as_view(), "points"),
    at(f"monitors/{ID}/pings", heartbeats.Pings.as_view(), "pings"),
    at(f"monitors/{ID}/pings/(?P<number>[^/]+)", heartbeats.OnePing.as_view(), "ping"),
    at(f"monitors/{ID}/pings/(?P<number>[^/]+)/body", heartbeats.PingBody.as_view(), "ping-body"),
    at(f"monitors/{ID}/rotate", heartbeats.Rotation.as_view(), "rotate"),
    at("organisation", organisation.OwnOrganisation.as_view(), "organisation"),
    at("incidents", incidents.Incidents.as_view(), "incidents"),
    at("incidents/figures", incidents.IncidentFigures.as_view(), "incident-figures"),
    at(f"incidents/{ID}", incidents.OneIncident.as_view(), "incident"),
    at(f"incidents/{ID}/acknowledgement", incident_verbs.Acknowledgement.as_view(), "acknowledgement"),
    at(f"incidents/{ID}/resolution", incident_verbs.ResolutionOf.as_view(), "resolution"),
    at(f"incidents/{ID}/assignee", incident_verbs.AssigneeOf.as_view(), "assignee"),
    at(f"incidents/{ID}/notes", incident_verbs.Notes.as_view(), "notes"),
    at(f"incidents/{ID}/members", incident_verbs.Members.as_view(), "members"),
    at(f"incidents/{ID}/members/(?P<member>[^/]+)", incident_verbs.OneMember.as_view(), "member"),
    at(f"incidents/{ID}/postmortem", incident_verbs.PostmortemOf.as_view(), "postmortem"),
    at("maintenance", maintenance.Windows.as_view(), "windows"),
    at(f"maintenance/{ID}", maintenance.OneWindow.as_view(), "window"),
    at(f"maintenance/{ID}/occurrences", maintenance.Occurrences.as_view(), "occurrences"),
    at(f"maintenance/{ID}/end", maintenance.End.as_view(), "end-window"),
    at(f"maintenance/{ID}/extend", maintenance.Extension.as_view(), "extend-window"),
    at(f"maintenance/{ID}/skip", maintenance.Skip.as_view(), "skip-window"),
    at("channels", channels.Channels.as_view(), "channels"),
    at(f"channels/{ID}", channels.OneChannel.as_view(), "channel"),
    at(f"channels/{ID}/rotation", channels.Rotation.as_view(), "channel-rotation"),
    at("rules", rules.Rules.as_view(), "rules"),
    at(f"rules/{ID}", rules.OneRule.as_view(), "rule"),
    at("deliveries", deliveries.Deliveries.as_view(), "deliveries"),
    at(f"deliveries/{ID}", deliveries.OneDelivery.as_view(), "delivery"),
    at(f"deliveries/{ID}/resending", deliveries.Resending.as_view(), "resending"),
    at("drills", drills.Drills.as_view(), "drills"),
    at(f"drills/{ID}", drills.OneDrill.as_view(), "drill"),
    at(f"monitors/{ID}/told", drills.ToldOf.as_view(), "told"),
    at("policies", policies.Policies.as_view(), "policies"),
    at(f"policies/{ID}", policies.OnePolicy.as_view(), "policy"),
    at("schedules", oncall.Schedules.as_view(), "schedules"),
    at(f"schedules/{ID}", oncall.OneSchedule.as_view(), "schedule"),
    at(f"schedules/{ID}/overrides", oncall.Overrides.as_view(), "overrides"),
    at(f"schedules/{ID}/overrides/(?P<override>[^/]+)", oncall.OneOverride.as_view(), "override"),
    at(f"schedules/{ID}/on-call", oncall.OnCall.as_view(), "on-call-of"),
    at(f"schedules/{ID}/shifts", oncall.Shifts.as_view(), "shifts"),
    at("on-call", oncall.OnCallNow.as_view(), "on-call"),
    at("on-call/people", oncall.People.as_view(), "on-call-people"),
    at("ingest/metrics", ingest.Metrics.as_view(), "ingest-metrics"),
    at("ingest/otlp/v1/metrics", ingest.Otlp.as_view(), "ingest-otlp"),
    at("ingest/prometheus", ingest.Prometheus.as_view(), "ingest-prometheus"),
    re_path(r"", not_found, name="nowhere"),
]
