"""The organisation in the address: entered by members only, carried by every link, left behind afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import DataError, connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template import engines
from django.template.response import SimpleTemplateResponse
from django.test import RequestFactory
from django.urls import get_script_prefix, reverse, set_script_prefix

from monitors.models import Monitor
from pulse import scoping
from tenants import membership
from tenants.abilities import Role
from tenants.actors import COMMAND_LINE
from tenants.middleware import OrganisationMiddleware
from tenants.models import Membership, Organisation, User
from tests.api.making import make_monitor


def through(
    path: str, user: Any, view: Callable[[HttpRequest], Any], **environment: str
) -> tuple[Any, HttpRequest]:
    """What the middleware makes of a request whose inner part is `view`."""
    request = RequestFactory().get(path, **environment)  # type: ignore[arg-type]
    request.user = user
    return OrganisationMiddleware(view)(request), request  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def prefix_stays() -> Iterator[None]:
    before = get_script_prefix()
    yield
    assert get_script_prefix() == before
    assert scoping.current() is None


def test_links_carry_the_prefix_by_themselves(alice: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        assert request.path == "/o/acme/monitors/"
        assert request.path_info == "/monitors/"
        return HttpResponse(reverse("monitors:list", urlconf="pulse.urls.organisation"))

    answer, request = through("/o/acme/monitors/", alice, view)

    assert answer.content == b"/o/acme/monitors/"
    assert request.urlconf == "pulse.urls.organisation"


def test_behind_a_proxy_with_a_prefix_of_its_own_both_are_carried(alice: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(reverse("monitors:list", urlconf="pulse.urls.organisation"))

    set_script_prefix("/pulse/")
    try:
        answer, _ = through("/o/acme/monitors/", alice, view, SCRIPT_NAME="/pulse")
        assert get_script_prefix() == "/pulse/"
    finally:
        set_script_prefix("/")

    assert answer.content == b"/pulse/o/acme/monitors/"


def test_prefixes_do_not_pile_up(alice: Any) -> None:
    for _ in range(3):
        answer, _ = through("/o/acme/", alice, lambda request: HttpResponse(request.META["SCRIPT_NAME"]))
        assert answer.content == b"/o/acme"


def test_the_prefix_is_restored_after_an_exception(alice: Any) -> None:
    def fail(request: HttpRequest) -> HttpResponse:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        through("/o/acme/", alice, fail)


def test_a_template_is_rendered_inside_the_organisation(api: Any, alice: Any) -> None:
    make_monitor(api, name="seen late")
    template = engines["django"].from_string("{% for monitor in monitors %}{{ monitor.name }}{% endfor %}")

    answer, _ = through(
        "/o/acme/", alice, lambda _: SimpleTemplateResponse(template, {"monitors": Monitor.objects.all()})
    )

    assert answer.content == b"seen late"


def test_what_is_streamed_after_leaving_sees_nothing(api: Any, alice: Any) -> None:
    make_monitor(api)

    def rows() -> Iterator[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT monitor_no FROM telemetry_livestate")
            yield from (str(row) for row in cursor.fetchall())

    answer, _ = through("/o/acme/", alice, lambda _: StreamingHttpResponse(rows()))

    with pytest.raises(DataError):
        list(answer)


def test_a_missing_slash_is_added_inside_the_organisation(as_alice: Any) -> None:
    assert as_alice.get("/o/acme")["Location"] == "/o/acme/"
    assert as_alice.get("/o/acme?a=b")["Location"] == "/o/acme/?a=b"
    answer = as_alice.get("/o/acme/monitors?status=up")
    assert (answer.status_code, answer["Location"]) == (301, "/o/acme/monitors/?status=up")


def test_a_visitor_comes_back_to_where_they_wanted(client: Any, world: None) -> None:
    location = client.get("/o/acme/monitors/?status=up&x=//evil.example")["Location"]

    assert location == "/accounts/login/?next=/o/acme/monitors/%3Fstatus%3Dup%26x%3D//evil.example"


def test_a_role_holds_from_the_next_request_on(as_bob: Any, bob: Any, acme: Any) -> None:
    assert as_bob.get("/o/acme/settings/").status_code == 403

    membership.add(acme, bob, Role.ADMIN, COMMAND_LINE)
    assert as_bob.get("/o/acme/settings/").status_code == 200

    membership.remove(Membership.objects.get(user=bob), COMMAND_LINE)
    try:
        assert as_bob.get("/o/acme/settings/").status_code == 404
    finally:
        membership.add(acme, bob, Role.VIEWER, COMMAND_LINE)


@pytest.mark.parametrize("state", ["suspended", "provisioning"])
def test_an_organisation_that_is_not_ready_shows_nothing(as_alice: Any, acme: Any, state: str) -> None:
    Organisation.objects.filter(pk=acme.pk).update(state=state)

    answer = as_alice.get("/o/acme/monitors/")

    assert answer.status_code == {"suspended": 404, "provisioning": 503}[state]
    if state == "suspended":
        assert answer.content == as_alice.get("/o/no-such-place/monitors/").content
    else:
        assert answer["Retry-After"] == "1"


def test_a_person_switched_off_is_out_at_once(as_alice: Any, alice: Any) -> None:
    assert as_alice.get("/o/acme/").status_code == 200

    User.objects.filter(pk=alice.pk).update(is_active=False)
    try:
        assert as_alice.get("/o/acme/").status_code in {302, 404}
    finally:
        User.objects.filter(pk=alice.pk).update(is_active=True)


@pytest.mark.parametrize(
    "hint",
    [
        {"headers": {"X-Forwarded-Host": "acme.localhost"}},
        {"headers": {"X-Tenant": "acme", "X-Organisation": "acme", "X-Schema-Name": "o_acme"}},
        {"headers": {"X-Original-Url": "/o/acme/", "X-Rewrite-Url": "/o/acme/"}},
        {"headers": {"X-Script-Name": "/o/acme", "X-Forwarded-Prefix": "/o/acme"}},
        {"query_params": {"tenant": "acme", "organisation": "acme", "org": "acme", "slug": "acme"}},
        {"query_params": {"schema": "o_acme", "schema_name": "o_acme", "tenant_no": "1"}},
    ],
)
def test_nothing_but_the_path_chooses_the_organisation(
    api: Any, as_charlie: Any, hint: dict[str, Any]
) -> None:
    make_monitor(api, name="canary of acme")

    inside = as_charlie.get("/o/globex/monitors/", **hint)
    outside = as_charlie.get("/o/acme/monitors/", **hint)

    assert inside.status_code == 200
    assert b"canary of acme" not in inside.content
    assert outside.status_code == 404
