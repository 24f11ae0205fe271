"""Pages of on-call schedules."""

from django.urls import path

from notifications.oncall import views

app_name = "oncall"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("now/", views.now, name="now"),
    path("duty/", views.duty, name="duty"),
    path("new/", views.create, name="create"),
    path("draft/", views.draft, name="draft"),
    path("shifts-feed/", views.own_feed, name="own-feed"),
    path("<uuid:pk>/", views.detail, name="detail"),
    path("<uuid:pk>/calendar/", views.calendar, name="calendar"),
    path("<uuid:pk>/who/", views.who, name="who"),
    path("<uuid:pk>/edit/", views.edit, name="edit"),
    path("<uuid:pk>/edit/draft/", views.draft, name="draft-of"),
    path("<uuid:pk>/deletion/", views.delete, name="delete"),
    path("<uuid:pk>/feed/", views.feed, name="feed"),
    path("<uuid:pk>/overrides/", views.override, name="override"),
    path("<uuid:pk>/overrides/<uuid:override_id>/removal/", views.remove_override, name="override-removal"),
]
