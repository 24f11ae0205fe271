"""Every path of an organisation whose schema is being made."""

from django.urls import re_path

from tenants import views

urlpatterns = [re_path(r"", views.waiting, name="waiting")]
