"""Pages of maintenance windows."""

from django.urls import path

from monitors.maintenance import views

app_name = "maintenance"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("month/", views.month, name="month"),
    path("new/", views.create, name="create"),
    path("draft/", views.draft, name="draft"),
    path("now/", views.start_now, name="now"),
    path("<uuid:pk>/", views.detail, name="detail"),
    path("<uuid:pk>/state/", views.state, name="state"),
    path("<uuid:pk>/edit/", views.edit, name="edit"),
    path("<uuid:pk>/pause/", views.pause, name="pause"),
    path("<uuid:pk>/end/", views.end, name="end"),
    path("<uuid:pk>/extension/", views.extend, name="extend"),
    path("<uuid:pk>/skip/", views.skip, name="skip"),
    path("<uuid:pk>/deletion/", views.delete, name="delete"),
]
