"""Pages of incidents, and the parts of them that a live page asks for again."""

from django.urls import path

from incidents import views

app_name = "incidents"
urlpatterns = [
    path("", views.incident_list, name="list"),
    path("open/", views.current, name="open"),
    path("oldest/", views.oldest, name="oldest"),
    path("resolved/", views.resolved, name="resolved"),
    path("monitor/<uuid:monitor>/", views.of_monitor, name="of-monitor"),
    path("<uuid:pk>/", views.detail, name="detail"),
    path("<uuid:pk>/story/", views.story, name="story"),
    path("<uuid:pk>/acknowledgement/", views.acknowledge, name="acknowledge"),
]
