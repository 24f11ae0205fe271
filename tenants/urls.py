"""Pages of people and organisations that need no organisation: home, one-time links, theme."""

from django.urls import path
from django.views.generic import TemplateView

from tenants import views

app_name = "tenants"
urlpatterns = [
    path("", views.home, name="home"),
    path("about-checks", TemplateView.as_view(template_name="about_checks.html"), name="about-checks"),
    path("time-zone/", views.time_zone, name="time-zone"),
    path("sign-in/<str:token>/", views.sign_in_link, name="sign-in-link"),
]
