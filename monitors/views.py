"""Pages of monitors: list, one monitor, form, and what a person may do to it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from monitors import accepting, configuration, curling, editing, evidence, listing, searching, watching
from monitors.figures import Choice, read_choice, work_out
from monitors.forms import MonitorForm, SnoozeForm
from monitors.heartbeats import page as heartbeat_page
from monitors.kinds import KINDS, REPORTING
from monitors.maintenance.forms import NowForm
from monitors.models import Monitor
from monitors.summary import summarise, tally
from monitors.suppression.around import around
from tenants.abilities import Ability
from tenants.access import requires
from tenants.actors import Actor
from tenants.requests import TenantRequest

CHECKS = "checks"  # the element that shows a check under way and the evidence


@require_GET
@requires(Ability.VIEW)
def monitor_list(request: TenantRequest) -> HttpResponse:
    query = searching.read_query(request.GET)
    page = listing.page(query, timezone.now())
    context = {"page": page, "query": query, "tally": tally(listing.counts(), query.status)}
    return render(request, "monitors/list.html", context)


@require_GET
@requires(Ability.VIEW)
def table(request: TenantRequest) -> HttpResponse:
    page = listing.page(searching.read_query(request.GET), timezone.now())
    return render(request, "monitors/_table.html", {"page": page})


@require_GET
@requires(Ability.VIEW)
def filters(request: TenantRequest) -> HttpResponse:
    query = searching.read_query(request.GET)
    context = {"query": query, "tally": tally(listing.counts(), query.status)}
    return render(request, "monitors/_filters.html", context)


@require_GET
@requires(Ability.VIEW)
def summary(request: TenantRequest) -> HttpResponse:
    return render(request, "monitors/_summary.html", {"summary": summarise(timezone.now())})


@require_GET
@requires(Ability.VIEW)
def detail(request: TenantRequest, pk: UUID) -> HttpResponse:
    monitor, now = _monitor(request, pk), timezone.now()
    row = listing.rows([monitor], now)[0]
    context = {
        "monitor": monitor,
        "row": row,
        "asks_issuer": accepting.is_asked(monitor, row.standing),
        "figures": work_out(monitor, _choice(request), now),
        "settings": configuration.of(monitor),
        "snooze_form": SnoozeForm(),
        "now_form": NowForm(),
        "around": around(monitor, now),
        "curl": curling.command(monitor),
        "evidence": evidence.shown(monitor, _moment(request.GET.get("at", "")), _place(request)),
        "is_chosen": "at" in request.GET,
        "progress_html": watching.last_shown(monitor.pk) if "awaiting" in request.GET else "",
        **_results(request, monitor),
    }
    if monitor.kind == "heartbeat":
        context |= {
            "heartbeat": heartbeat_page.work_out(monitor, request.organisation, request.membership, now),
            "pings": heartbeat_page.newest(monitor),
        }
    return render(request, "monitors/detail.html", context)


@require_GET
@requires(Ability.VIEW)
def state(request: TenantRequest, pk: UUID) -> HttpResponse:
    row = listing.rows([_monitor(request, pk)], timezone.now())[0]
    return render(request, "monitors/_state.html", {"row": row})


@require_GET
@requires(Ability.VIEW)
def figures(request: TenantRequest, pk: UUID) -> HttpResponse:
    monitor = _monitor(request, pk)
    context = {"monitor": monitor, "figures": work_out(monitor, _choice(request), timezone.now())}
    return render(request, "monitors/_figures.html", context)


@require_GET
@requires(Ability.VIEW)
def results(request: TenantRequest, pk: UUID) -> HttpResponse:
    monitor = _monitor(request, pk)
    return render(request, "monitors/_results.html", {"monitor": monitor, **_results(request, monitor)})


@require_GET
@requires(Ability.VIEW)
def newest_evidence(request: TenantRequest, pk: UUID) -> HttpResponse:
    monitor = _monitor(request, pk)
    newest = evidence.shown(monitor, None, None)
    context = {"monitor": monitor, "evidence": newest, **_results(request, monitor)}
    is_shown = newest is not None and newest.slot == _moment(request.GET.get("shown", ""))
    # What somebody has unfolded in it stays so.
    return HttpResponse(status=204) if is_shown else render(request, "monitors/_evidence.html", context)


@require_GET
@requires(Ability.VIEW)
def progress(request: TenantRequest, pk: UUID) -> HttpResponse:
    monitor = _monitor(request, pk)
    context = {"id": f"monitor_{monitor.pk}_progress", "awaiting": True}
    return HttpResponse(
        watching.last_shown(monitor.pk) or render(request, "monitors/_progress.html", context).content
    )


@require_http_methods(["GET", "POST"])
@requires(Ability.EDIT_MONITORS)
def create(request: TenantRequest) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = MonitorForm(data, kind=_kind(request), like=_like(request))
    trial = form.tried(request.POST) if form.is_valid() else None
    saved = _saved(request, form) if form.is_valid() and not trial else None
    if saved is None:
        context = {"form": form, "kinds": kinds(), "chosen": form.kind, "trial": trial}
        return render(request, "monitors/form.html", context, status=_code(form))
    messages.success(request, f"{saved} is being watched: {_follows(saved)}.")
    return redirect("monitors:detail", saved.pk)


def _saved(request: TenantRequest, form: MonitorForm) -> Monitor | None:
    return form.save(request.organisation, Actor.person(request.user))


def _follows(monitor: Monitor) -> str:
    if monitor.kind == Monitor.GROUP:
        return "it follows its members"
    return "it waits for its first report" if monitor.kind in REPORTING else "its first check is due now"


@require_http_methods(["GET", "POST"])
@requires(Ability.EDIT_MONITORS)
def edit(request: TenantRequest, pk: UUID) -> HttpResponse:
    monitor = _monitor(request, pk)
    form = MonitorForm(request.POST if request.method == "POST" else None, monitor=monitor)
    trial = form.tried(request.POST) if form.is_valid() else None
    saved = _saved(request, form) if form.is_valid() and not trial else None
    if saved is None:
        context = {"form": form, "monitor": monitor, "trial": trial}
        return render(request, "monitors/form.html", context, status=_code(form))
    messages.success(request, f"{saved} is saved.")
    return redirect("monitors:detail", saved.pk)


@require_POST
@requires(Ability.EDIT_MONITORS)
def pause(request: TenantRequest, pk: UUID) -> HttpResponse:
    monitor, by = _monitor(request, pk), Actor.person(request.user)
    if "resume" in request.POST:
        editing.resume(request.organisation, monitor, by)
    else:
        editing.pause(request.organisation, monitor, by)
    return redirect("monitors:detail", pk)


@require_POST
@requires(Ability.SNOOZE)
def snooze(request: TenantRequest, pk: UUID) -> HttpResponse:
    monitor, by, form = _monitor(request, pk), Actor.person(request.user), SnoozeForm(request.POST)
    if "end" in request.POST:
        editing.unsnooze(request.organisation, monitor, by)
    elif form.is_valid():
        until = timezone.now() + form.cleaned_data["duration"]
        editing.snooze(request.organisation, monitor, until, by)
    else:
        messages.error(request, "Choose for how long to snooze the monitor.")
    return redirect("monitors:detail", pk)


@require_POST
@requires(Ability.CHECK_NOW)
def check(request: TenantRequest, pk: UUID) -> HttpResponse:
    monitor = _monitor(request, pk)
    watching.forget(monitor.pk)
    awaited = editing.check_now(request.organisation, monitor, Actor.person(request.user))
    if awaited is None:
        messages.error(request, "The monitor is paused: resume it, then check it.")
    return until_checked(pk, awaited)


@require_POST
@requires(Ability.EDIT_MONITORS)
def delete(request: TenantRequest, pk: UUID) -> HttpResponse:
    monitor = _monitor(request, pk)
    editing.delete(request.organisation, monitor, Actor.person(request.user))
    messages.success(request, f"{monitor} is deleted; its incidents stay.")
    return redirect("monitors:list")


def until_checked(pk: UUID, awaited: tuple[datetime, int] | None) -> HttpResponse:
    """To its page, which waits for that check."""
    response = redirect("monitors:detail", pk)
    if awaited is not None:
        response["Location"] += f"?awaiting={awaited[0]:%Y-%m-%dT%H:%M:%S.%fZ}#{CHECKS}"
    return response


def kinds() -> list[tuple[str, str]]:
    return [*((name, kind.title) for name, kind in KINDS.items()), (Monitor.GROUP, "Group")]


def _code(form: MonitorForm) -> int:
    return 422 if form.is_bound and not form.is_valid() else 200


def _kind(request: TenantRequest) -> str:
    chosen = request.GET.get("kind", "http")
    return chosen if chosen in KINDS or chosen == Monitor.GROUP else "http"


def _like(request: TenantRequest) -> Monitor | None:
    """The monitor that a new one is to begin as a copy of."""
    try:
        return Monitor.objects.visible_to(request.membership).filter(pk=UUID(request.GET["like"])).first()
    except (KeyError, ValueError):
        return None


def _monitor(request: TenantRequest, pk: UUID) -> Monitor:
    return get_object_or_404(Monitor.objects.visible_to(request.membership), pk=pk)


def _choice(request: TenantRequest) -> Choice:
    return read_choice(*(request.GET.get(name, "") for name in ("range", "bars", "planned")))


def _results(request: TenantRequest, monitor: Monitor) -> dict[str, object]:
    """The newest results; `awaiting` while the one that somebody asked for is not among them."""
    recent = evidence.recent(monitor)
    awaited = _moment(request.GET.get("awaiting", ""))
    here = awaited is None or any(result.slot >= awaited for result in recent)
    return {"results": recent, "awaiting": None if here else awaited}


def _place(request: TenantRequest) -> int | None:
    text = request.GET.get("place", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else None


def _moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment and timezone.is_aware(moment) else None
