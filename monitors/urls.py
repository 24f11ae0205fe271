"""Pages of monitors, and the parts of them that a live page asks for again."""

from django.urls import path

from monitors import issuer_views, series_views, several_views, views
from monitors.backtest import views as backtest_views
from monitors.heartbeats import views as heartbeats
from monitors.pingdom import views as pingdom_views
from monitors.why import views as why_views

app_name = "monitors"
urlpatterns = [
    path("", views.monitor_list, name="list"),
    path("table/", views.table, name="table"),
    path("filters/", views.filters, name="filters"),
    path("summary/", views.summary, name="summary"),
    path("new/", views.create, name="create"),
    path("import/", several_views.import_list, name="import"),
    path("pingdom/", pingdom_views.import_checks, name="pingdom"),
    path("several/", several_views.edit_several, name="several"),
    path("expected/", heartbeats.expected, name="expected"),
    path("<uuid:pk>/", views.detail, name="detail"),
    path("<uuid:pk>/state/", views.state, name="state"),
    path("<uuid:pk>/figures/", views.figures, name="figures"),
    path("<uuid:pk>/results/", views.results, name="results"),
    path("<uuid:pk>/series/", series_views.series, name="series"),
    path("<uuid:pk>/evidence/", views.newest_evidence, name="evidence"),
    path("<uuid:pk>/progress/", views.progress, name="progress"),
    path("<uuid:pk>/pings/", heartbeats.pings, name="pings"),
    path("<uuid:pk>/pings/<int:n>/", heartbeats.body, name="ping-body"),
    path("<uuid:pk>/pings/<int:n>/body/", heartbeats.download, name="ping-download"),
    path("<uuid:pk>/heartbeat/", heartbeats.charts, name="heartbeat-charts"),
    path("<uuid:pk>/upcoming/", heartbeats.upcoming, name="upcoming"),
    path("<uuid:pk>/rotation/", heartbeats.rotate, name="rotate"),
    path("<uuid:pk>/edit/", views.edit, name="edit"),
    path("<uuid:pk>/why/", why_views.explain, name="why"),
    path("<uuid:pk>/decisions/", why_views.decisions, name="decisions"),
    path("<uuid:pk>/backtest/", backtest_views.backtest, name="backtest"),
    path("<uuid:pk>/pause/", views.pause, name="pause"),
    path("<uuid:pk>/snooze/", views.snooze, name="snooze"),
    path("<uuid:pk>/check/", views.check, name="check"),
    path("<uuid:pk>/issuer/", issuer_views.issuer, name="issuer"),
    path("<uuid:pk>/issuer/acceptance/", issuer_views.accept, name="accept-issuer"),
    path("<uuid:pk>/deletion/", views.delete, name="delete"),
]
