"""For everybody: home, sign-in, API, health, the site's admin."""

from django.contrib import admin
from django.urls import include, path

from notifications.oncall import public as oncall
from pulse import health

urlpatterns = [
    path("", include("tenants.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
    path("t/", include("notifications.telling_urls")),
    path("mailbox/", include("notifications.public_urls")),
    path("contacts/", include("notifications.contacts.urls")),
    path("on-call/<str:token>.ics", oncall.calendar, name="oncall-feed"),
    path("v1/", include("pulse.api.urls")),
    path("health/ready", health.ready, name="ready"),
    path("demo/", include("pulse.demo.urls")),
    path("metrics", health.metrics, name="metrics"),
]
handler400 = "pulse.errors.bad_request"
handler403 = "pulse.errors.forbidden"
handler404 = "pulse.errors.not_found"
