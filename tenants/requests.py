"""The shape of a request inside an organisation, for type checkers and readers."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from tenants.models import Membership, Organisation, User


class PublicRequest(HttpRequest):
    user: User | AnonymousUser
    htmx: HtmxDetails


class TenantRequest(HttpRequest):
    user: User
    htmx: HtmxDetails
    organisation: Organisation
    membership: Membership
