"""Read channels and rules out: how each stands, and what a rule says in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import OuterRef, Q, Subquery

from notifications.ledger.models import Delivery, DeliveryState
from notifications.models import NotificationChannel, Rule
from notifications.transports import TRANSPORTS
from pulse import scoping

NAMES_READ_OUT = 3
# A state of a delivery as the glyph and the word that a page shows.
SHOWN = {
    DeliveryState.HELD: ("pending", "held back"),
    DeliveryState.PENDING: ("pending", "waiting"),
    DeliveryState.SENDING: ("pending", "sending"),
    DeliveryState.SENT: ("up", "sent"),
    DeliveryState.RETRYING: ("degraded", "retrying"),
    DeliveryState.DEAD: ("down", "dead"),
    DeliveryState.CANCELLED: ("paused", "cancelled"),
    DeliveryState.FOLDED: ("paused", "within another"),
    DeliveryState.UNKNOWN: ("unknown", "unknown"),
}


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """A channel with the newest message that it was to carry."""

    channel: NotificationChannel
    last: Delivery | None
    rules: Sequence[Rule]

    @property
    def title(self) -> str:
        """What its kind is called."""
        return TRANSPORTS[self.channel.kind].title

    @property
    def to(self) -> str:
        """Who gets it; of a webhook the host alone, since the rest of a URL may be a secret."""
        return recipient(self.channel)

    @property
    def status(self) -> str:
        if self.channel.disabled_at:
            return "down"
        return SHOWN[DeliveryState(self.last.state)][0] if self.last else "unknown"

    @property
    def word(self) -> str:
        if self.channel.disabled_at:
            return "switched off"
        return SHOWN[DeliveryState(self.last.state)][1] if self.last else "never used"


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule and the sentence that it amounts to."""

    rule: Rule
    sentence: str
    warning: str

    @property
    def status(self) -> str:
        if not self.rule.enabled:
            return "paused"
        return "degraded" if self.warning else "up"

    @property
    def word(self) -> str:
        return {"paused": "off", "degraded": "look at it", "up": "in force"}[self.status]


def recipient(channel: NotificationChannel) -> str:
    return TRANSPORTS[channel.kind].recipient(channel.config)


def channel_rows() -> list[ChannelRow]:
    """All channels by name, in three queries; the newest delivery of each is one index look-up."""
    newest = Delivery.objects.filter(tenant_no=scoping.current().no, channel_id=OuterRef("pk")).order_by(
        "-no"
    )
    found = list(
        NotificationChannel.objects.annotate(last_no=Subquery(newest.values("no")[:1]))
        .order_by("name", "pk")
        .prefetch_related("rules")
    )
    numbers = [channel.last_no for channel in found if channel.last_no is not None]
    last = {
        delivery.no: delivery
        for delivery in Delivery.objects.filter(tenant_no=scoping.current().no, no__in=numbers).defer(
            "payload"
        )
    }
    return [
        ChannelRow(channel, last.get(channel.last_no or 0), list(channel.rules.all())) for channel in found
    ]


def channel_row(channel: NotificationChannel) -> ChannelRow:
    newest = Delivery.objects.filter(tenant_no=scoping.current().no, channel_id=channel.pk).order_by("-no")
    return ChannelRow(channel, newest.defer("payload").first(), list(channel.rules.order_by("name")))


def rule_rows() -> list[RuleRow]:
    """Rules by name with their sentences, in three queries however many there are."""
    found = Rule.objects.order_by("name", "pk").prefetch_related("channels", "monitors")
    return [RuleRow(rule, sentence(rule), warning(rule)) for rule in found]


def covering(monitor_id: UUID) -> list[Rule]:
    """The rules in force that cover a monitor."""
    covers = Q(all_monitors=True) | Q(monitors=monitor_id)
    return list(
        Rule.objects.filter(covers, enabled=True)
        .distinct()
        .order_by("name", "pk")
        .prefetch_related("channels")
    )


def sentence(rule: Rule) -> str:
    """`When any monitor goes down or comes back up, tell Ops webhook and Night mail.`"""
    told = _listed(sorted(channel.name for channel in rule.channels.all()), "and")
    return f"When {_whom(rule)} {_events(rule)}, tell {told or 'nobody'}."


def warning(rule: Rule) -> str:
    """Why a rule in force tells nobody, or not all that it names; '' when it does its work."""
    if not rule.enabled:
        return ""
    channels = list(rule.channels.all())
    if not channels:
        return "All its channels are deleted, so it tells nobody: choose another."
    if not rule.all_monitors and not rule.monitors.all():
        return "All its monitors are deleted, so it never applies: choose others."
    off = [channel.name for channel in channels if channel.disabled_at]
    return f"{_listed(off, 'and')} {'is' if len(off) == 1 else 'are'} switched off." if off else ""


def _whom(rule: Rule) -> str:
    if rule.all_monitors:
        return "any monitor"
    return _listed(sorted(monitor.name for monitor in rule.monitors.all()), "or") or "no monitor"


def _events(rule: Rule) -> str:
    return "goes down or comes back up" if "up" in rule.on else "goes down"


def _listed(names: Sequence[str], word: str) -> str:
    if len(names) > NAMES_READ_OUT + 1:
        rest = f"{len(names) - NAMES_READ_OUT:,} others"
        return f"{', '.join(names[:NAMES_READ_OUT])} {word} {'one of ' if word == 'or' else ''}{rest}"
    return f" {word} ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
