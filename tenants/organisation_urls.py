"""Pages inside an organisation about the organisation itself."""

from django.urls import path

from tenants import settings_views as views

app_name = "tenants"
urlpatterns = [
    path("settings/", views.settings, name="settings"),
    path("mute/", views.mute, name="mute"),
    path("settings/retention/", views.keep_results, name="keep-results"),
    path("settings/members/", views.add_member, name="add-member"),
    path("settings/members/<int:pk>/", views.change_member, name="change-member"),
    path("settings/members/<int:pk>/removal/", views.remove_member, name="remove-member"),
    path("settings/keys/", views.create_key, name="create-key"),
    path("settings/keys/<uuid:pk>/revocation/", views.revoke_key, name="revoke-key"),
]
