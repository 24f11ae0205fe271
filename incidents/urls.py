"""Pages of incidents, the parts of them that a live page asks for again, and what is posted from them."""

from django.urls import path

from incidents.views import detail, handling, listing

app_name = "incidents"
urlpatterns = [
    path("", listing.incident_list, name="list"),
    path("new/", handling.create, name="create"),
    path("open/", listing.current, name="open"),
    path("oldest/", listing.oldest, name="oldest"),
    path("resolved/", listing.resolved, name="resolved"),
    path("figures/", listing.figures, name="figures"),
    path("monitor/<uuid:monitor>/", listing.of_monitor, name="of-monitor"),
    path("<uuid:pk>/", detail.detail, name="detail"),
    path("<uuid:pk>/part/<slug:name>/", detail.part, name="part"),
    path("<uuid:pk>/acknowledgement/", handling.acknowledgement, name="acknowledge"),
    path("<uuid:pk>/resolution/", handling.resolution, name="resolve"),
    path("<uuid:pk>/assignee/", handling.assignee, name="assign"),
    path("<uuid:pk>/notes/", handling.notes, name="notes"),
    path("<uuid:pk>/edit/", handling.edit, name="edit"),
    path("<uuid:pk>/members/", handling.members, name="members"),
    path("<uuid:pk>/members/<uuid:member>/split/", handling.split, name="split"),
    path("<uuid:pk>/postmortem/", handling.postmortem, name="postmortem"),
]
