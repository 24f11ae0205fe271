"""Say a decision as a sentence. Pure."""

from __future__ import annotations

from monitors.deciding import DecisionKind, Rule
from monitors.statuses import Status
from monitors.telemetry.models import Decision

Kind = DecisionKind
TITLES = {
    Kind.CHANGED: "changed",
    Kind.COUNTED: "counted, not changed",
    Kind.DISMISSED: "dismissed",
    Kind.NOT_BELIEVED: "not believed",
    Kind.SUPPRESSED: "held back",
    Kind.RELEASED: "released",
    Kind.ENDED_UNTOLD: "ended untold",
    Kind.OPENED: "incident opened",
    Kind.JOINED: "joined an incident",
    Kind.NOT_OPENED: "no incident opened",
    Kind.RESOLVED: "incident resolved",
}
# {n} results were counted of {m} that are needed.
_COUNTED = {
    Rule.IN_A_ROW: "Failure {n} of {m} in a row",
    Rule.SHARE: "{n} of the {m} failures that are needed within the window",
    Rule.ANSWERS: "Answer {n} of {m} in a row, so the outage is not over yet",
    Rule.QUIET: "It answers, but has not been quiet for long enough: the outage is not over yet",
    Rule.SOFT_IN_A_ROW: "Soft result {n} of {m} in a row",
    Rule.GOOD_IN_A_ROW: "Good result {n} of {m} in a row, so it is still degraded",
    Rule.UNKNOWN_IN_A_ROW: "Result {n} of {m} in a row that says nothing",
    Rule.FLAPPING_OUT: "It turned once more while flapping, which is told only once",
}
_DISMISSED = {
    Rule.IN_A_ROW: "It answered after {n} of {m} failures in a row: no outage",
    Rule.SHARE: "Its failures, {n} of {m} that are needed, have left the window: no outage",
    Rule.ANSWERS: "It failed again after {n} of {m} answers: the outage goes on",
    Rule.SOFT_IN_A_ROW: "Good again after {n} of {m} soft results in a row",
}
_CHANGED = {
    Rule.IN_A_ROW: "{n} of {m} failures in a row",
    Rule.SHARE: "{m} failures within the window",
    Rule.ANSWERS: "{n} of {m} answers in a row",
    Rule.QUIET: "{n} answers, and quiet for long enough",
    Rule.FIRST_ANSWER: "its first answer",
    Rule.SOFT_IN_A_ROW: "{n} of {m} soft results in a row",
    Rule.GOOD_IN_A_ROW: "{n} of {m} good results in a row",
    Rule.UNKNOWN_IN_A_ROW: "{m} results in a row that say nothing",
    Rule.GOES_ON: "the outage that nobody could see for a while goes on",
    Rule.FLAPPING_IN: "its results change too often between working and failing",
    Rule.FLAPPING_OUT: "its results have been alike for long enough",
}
# Where the words are those of the outage, not a sentence.
_LEADS = {Kind.OPENED: "Opened an incident", Kind.JOINED: "Joined an incident of several"}


def title(decision: Decision) -> str:
    kind = _kind(decision)
    return TITLES[kind] if kind is not None else "decided"


def sentence(decision: Decision) -> str:
    """What was decided and by which rule; what was seen is said beside it."""
    kind, rule = _kind(decision), _rule(decision)
    numbers = {"n": decision.counted or 0, "m": decision.needed or 0}
    if kind is Kind.CHANGED and decision.after is not None:
        why = _CHANGED.get(rule, "").format(**numbers)
        return f"Became {Status(decision.after).label}" + (f": {why}." if why else ".")
    if kind is Kind.COUNTED:
        return _COUNTED.get(rule, "Counted").format(**numbers) + "."
    if kind is Kind.DISMISSED:
        return _DISMISSED.get(rule, "Dismissed").format(**numbers) + "."
    if kind is Kind.NOT_BELIEVED:
        return "Not counted: no control target answered either, so the prober's own network was down."
    words = decision.words or title(decision)
    if decision.words and kind in _LEADS:
        words = f"{_LEADS[kind]}: {words}"
    return words if words.endswith(".") else f"{words}."


def seen(decision: Decision) -> str:
    """What the result said, where one decided."""
    return decision.words if _kind(decision) in (Kind.CHANGED, Kind.COUNTED, Kind.NOT_BELIEVED) else ""


def status(decision: Decision) -> str:
    """The status to show beside it, or "" where it is about something else."""
    shown = decision.after if decision.after is not None else decision.before
    return Status(shown).label if shown is not None else ""


def _kind(decision: Decision) -> DecisionKind | None:
    return DecisionKind(decision.kind) if decision.kind in DecisionKind.__members__.values() else None


def _rule(decision: Decision) -> Rule:
    return Rule(decision.rule) if decision.rule in Rule.__members__.values() else Rule.NONE
