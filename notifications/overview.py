"""Read channels and rules out: how each stands, and what a rule says in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import OuterRef, Subquery

from monitors.heartbeats.durations import words
from notifications import hours, policies
from notifications.escalation import KINDS
from notifications.ledger.models import Delivery, DeliveryState
from notifications.models import EscalationPolicy, NotificationChannel, Rule
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


def standing(delivery: Delivery) -> tuple[str, str]:
    """Its glyph and word: a receipt says more than that the provider took it."""
    if delivery.receipt == "failed":
        return "down", "not delivered"
    if delivery.receipt and delivery.state == DeliveryState.SENT:
        return "up", delivery.receipt
    return SHOWN[DeliveryState(delivery.state)]


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

    @property
    def covers(self) -> str:
        """How much, where the sentence only names a few: `2 monitors, 1 tag`."""
        if self.rule.all_monitors:
            return "all monitors"
        counts = {
            "monitor": len(self.rule.monitors.all()),
            "group": len(self.rule.groups.all()),
            "tag": len(self.rule.tags),
        }
        parts = [f"{count:,} {what}{'s' if count > 1 else ''}" for what, count in counts.items() if count]
        return ", ".join(parts) or "nothing"


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A policy with its steps in words, what is wrong with them, and the rules that set it to work."""

    policy: EscalationPolicy
    steps: Sequence[str]
    warnings: Sequence[str]
    rules: Sequence[Rule]


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
    """Rules by name with their sentences, in four queries however many there are."""
    found = (
        Rule.objects.order_by("name", "pk")
        .select_related("policy")
        .prefetch_related("channels", "monitors", "groups")
    )
    return [RuleRow(rule, sentence(rule), warning(rule)) for rule in found]


def policy_rows() -> list[PolicyRow]:
    """Policies by name with their steps in words, in a constant number of queries."""
    found = list(EscalationPolicy.objects.order_by("name", "pk").prefetch_related("rules"))
    wanted: dict[str, set[UUID]] = {kind: set() for kind in KINDS}
    for policy in found:
        for step in policy.steps:
            for target in step["targets"]:
                wanted[target["kind"]].add(UUID(target["id"]))
    names = policies.names(wanted)
    return [PolicyRow(policy, *_in_words(policy, names), list(policy.rules.all())) for policy in found]


def _in_words(policy: EscalationPolicy, names: Mapping[UUID, str]) -> tuple[list[str], list[str]]:
    """Each step as a sentence, and what is wrong with any."""
    steps, warnings = [], []
    for number, step in enumerate(policy.steps, 1):
        known = [
            f"whoever is on call by {name}" if target["kind"] == "schedule" else name
            for target in step["targets"]
            if (name := names.get(UUID(target["id"])))
        ]
        if len(known) < len(step["targets"]):
            warnings.append(f"Step {number} names somebody who is gone: choose others.")
        whom = _listed(known, "or" if step["round_robin"] else "and") or "nobody"
        turn = " in turn" if step["round_robin"] else ""
        is_end = number == len(policy.steps) and not policy.repeat
        wait = "" if is_end else f", then wait {words(step['wait_seconds'])}"
        steps.append(f"Tell {whom}{turn}{wait}.")
    return steps, warnings


def sentence(rule: Rule) -> str:
    """`When any monitor goes down or comes back up, tell Ops webhook and Night mail, after 5 min.`"""
    names = sorted(channel.name for channel in rule.channels.all())
    told = _listed(names, "and")
    parts = [f"tell {told}"] if told or not rule.policy_id else []
    parts += [f"call people by the policy {rule.policy}"] if rule.policy else []
    said = " and ".join(parts) if told or rule.policy else "tell nobody"
    return f"When {_whom(rule)} {_events(rule)}, {said}{_finer(rule)}."


def warning(rule: Rule) -> str:
    """Why a rule in force tells nobody, or not all that it names; '' when it does its work."""
    if not rule.enabled:
        return ""
    channels = list(rule.channels.all())
    if not channels and rule.policy_id is None:
        return "All its channels are deleted, so it tells nobody: choose another."
    if not (rule.all_monitors or rule.monitors.all() or rule.groups.all() or rule.tags):
        return "All its monitors are deleted, so it never applies: choose others."
    off = [channel.name for channel in channels if channel.disabled_at]
    return f"{_listed(off, 'and')} {'is' if len(off) == 1 else 'are'} switched off." if off else ""


def _whom(rule: Rule) -> str:
    if rule.all_monitors:
        return "any monitor"
    parts = sorted(monitor.name for monitor in rule.monitors.all())
    parts += [f"a member of {group.name}" for group in rule.groups.all()]
    parts += [f"one tagged {tag}" for tag in rule.tags]
    return _listed(parts, "or") or "no monitor"


SAID = {
    "down": "goes down", "up": "comes back up", "degraded": "is degraded", "flapping": "flaps",
    "certificate": "has a certificate that runs out", "acknowledged": "is taken care of", "drill": "is drilled",
}  # fmt: skip


def _events(rule: Rule) -> str:
    return _listed([SAID[event] for event in rule.on], "or")


def _finer(rule: Rule) -> str:
    """What is said of it beyond whom and when: only what is set."""
    parts = [f"after {words(rule.delay_seconds)}"] if rule.delay_seconds else []
    parts += [f"again every {words(rule.repeat_seconds)}"] if rule.repeat_seconds else []
    parts += [f"gathered for {words(rule.digest_seconds)}"] if rule.digest_seconds else []
    parts += [f"once in {words(rule.cooldown_seconds)} of each monitor"] if rule.cooldown_seconds else []
    parts += [f"if it is {_listed(rule.severities, 'or')}"] if rule.severities else []
    parts += [str(hours.load(rule.hours))] if rule.hours else []
    return "".join(f", {part}" for part in parts)


def _listed(names: Sequence[str], word: str) -> str:
    if len(names) > NAMES_READ_OUT + 1:
        rest = f"{len(names) - NAMES_READ_OUT:,} others"
        return f"{', '.join(names[:NAMES_READ_OUT])} {word} {'one of ' if word == 'or' else ''}{rest}"
    return f" {word} ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
