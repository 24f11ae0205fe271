"""Pages of how a person is reached; they belong to no organisation."""

from django.urls import path

from notifications.contacts import views

app_name = "contacts"
urlpatterns = [
    path("", views.page, name="page"),
    path("new/<slug:kind>/", views.add, name="add"),
    path("quiet/", views.quiet, name="quiet"),
    path("<uuid:pk>/", views.method, name="method"),
    path("<uuid:pk>/code/", views.send_code, name="code"),
    path("<uuid:pk>/test/", views.test, name="test"),
    path("<uuid:pk>/delay/", views.delay, name="delay"),
    path("<uuid:pk>/removal/", views.remove, name="removal"),
]
