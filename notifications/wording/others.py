"""Words for what is no incident: a monitor's lesser states, hand-overs, failing channels, tests and codes."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.dateparse import parse_datetime

from notifications import events
from notifications.transports.base import Message
from notifications.wording.shape import Tone, Words, compose, moment, name_of, page_of_monitor


def monitor(mark: str, verb: str, tone: Tone) -> Callable[[Message], Words]:
    def say(message: Message) -> Words:
        monitor, change = message.data.get("monitor", {}), message.data.get("change", {})
        detail = change.get("detail") or ""
        calm = message.event == events.SETTLED and change.get("before") == "flapping"
        said = f"{name_of(message)} {'no longer flaps' if calm else verb}"
        lines = [
            ("Since", moment(parse_datetime(change.get("began") or ""))),
            ("Cause", detail),
            ("Before", change.get("before") or ""),
            ("Target", monitor.get("target") or ""),
        ]
        sentence = f"{said}: {detail.rstrip('.')}." if detail else f"{said}."
        return compose(message, mark, sentence, tone, lines, [("Monitor", page_of_monitor(monitor))])

    return say


def handover(message: Message) -> Words:
    schedule, shift = message.data.get("schedule", {}), message.data.get("shift", {})
    person, ends = message.data.get("person") or "Nobody", parse_datetime(shift.get("ends_at") or "")
    until = f" until {moment(ends)}" if ends else ""
    lines = [
        ("Schedule", schedule.get("name") or ""),
        ("From", moment(parse_datetime(shift.get("starts_at") or ""))),
        ("Until", moment(ends)),
        ("Before", message.data.get("before") or ""),
    ]
    sentence = f"{person} is on call for {schedule.get('name') or 'a schedule'}{until}."
    pages = [("Schedule", schedule.get("url") or "")]
    return compose(message, "On call", sentence, Tone.CALM, lines, pages, name=person)


def channel_failing(message: Message) -> Words:
    channel, problem = message.data.get("channel", {}), message.data.get("problem") or ""
    name = channel.get("name") or "a channel"
    sentence = f"Messages do not reach {name}: {problem.rstrip('.')}."
    lines, pages = [("Problem", problem)], [("Channel", channel.get("url") or "")]
    return compose(message, "Channel fails", sentence, Tone.DOWN, lines, pages, name=name)


def test(message: Message) -> Words:
    name, who = message.data.get("channel", {}).get("name") or "", message.data.get("requested_by") or ""
    sentence = f"This is a test of the channel {name}, asked for by {who}."
    lines = [("Path", "It came the way of a real message, so outages will reach you here too.")]
    return compose(message, "Test", sentence, Tone.CALM, lines, [], name="this channel works")


def code(message: Message) -> Words:
    code, person = message.data.get("code") or "", message.data.get("person") or "somebody"
    sentence = f"{code} is the code that proves that {person} can be told here."
    lines = [("If not you", "Somebody entered this address as theirs: ignore this message.")]
    return compose(message, "Code", sentence, Tone.CALM, lines, [], name=str(code))
