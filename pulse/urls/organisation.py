"""Behind `/o/<slug>/`: for members, each page by what their role may do."""

from django.urls import include, path

from pulse import dashboard
from pulse.admin import organisation_admin

urlpatterns = [
    path("", include((dashboard.urlpatterns, "dashboard"))),
    path("", include("tenants.organisation_urls")),
    path("monitors/", include("monitors.urls")),
    path("maintenance/", include("monitors.maintenance.urls")),
    path("incidents/", include("incidents.urls")),
    path("on-call/", include("notifications.oncall.urls")),
    path("", include("notifications.urls")),
    path("admin/", organisation_admin.urls),
]
handler400 = "pulse.errors.bad_request"
handler403 = "pulse.errors.forbidden"
handler404 = "pulse.errors.not_found"
