"""Phone calls by Twilio: the text is said twice, and 1 acknowledges."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from twilio.twiml.voice_response import Gather, VoiceResponse

from notifications.transports.base import Answer, Message, Transport
from notifications.transports.twilio_account import Config, callback, sender_of, twilio_settings, with_client
from notifications.wording import words_of
from notifications.wording.shape import cut

RING_S, KEY_S = 40, 8
NEWEST = 20
LOST = ("failed", "canceled")
SKEW = timedelta(minutes=1)


def spoken(message: Message, config: Config) -> str:
    """TwiML: a key pressed while it talks, or shortly after, is posted to where receipts go."""
    said = f"This is Pulse. {cut(words_of(message).summary, 600)}"
    response = VoiceResponse()
    reported = callback(message, config)
    if message.links.acknowledge and reported:
        gather = Gather(num_digits=1, timeout=KEY_S, method="POST", action=f"{reported}?voice=1")
        _say_twice(gather, f"{said} Press 1 to take care of it.")
        response.append(gather)
    else:
        _say_twice(response, said)
    response.say("Goodbye.")
    return str(response)


def _say_twice(part: Gather | VoiceResponse, said: str) -> None:
    part.say(said)
    part.pause(length=1)
    part.say(said)


def send(message: Message, config: Config) -> Answer:
    reported = callback(message, config)
    called, reply = with_client(
        config,
        lambda client: client.calls.create(
            to=config.to,
            twiml=spoken(message, config),
            timeout=RING_S,
            **(
                {"status_callback": reported, "status_callback_event": ["answered", "completed"]}
                if reported
                else {}
            ),
            **sender_of(config),
        ),
    )
    return Answer(f"answered {reply.status}: {called.status}", reply.status, called.sid, reply.request)


def lookup(message: Message, config: Config, since: datetime) -> Answer | None:
    """Whether that phone has been called since. A call carries nothing of ours to know it by.

    So a call about something else within these seconds is taken for this one. The phone rang; two calls at once reach
    one person no better.
    """
    found, reply = with_client(config, lambda client: client.calls.list(to=config.to, limit=NEWEST))
    known = next(
        (one for one in found if one.status not in LOST and _is_since(one.date_created, since)), None
    )
    return Answer(f"found: {known.status}", reply.status, known.sid, reply.request) if known else None


def _is_since(created: datetime | None, since: datetime) -> bool:
    """Twilio's clock and ours may differ a little."""
    if created is None:
        return False
    at = created if created.tzinfo else created.replace(tzinfo=UTC)
    return at >= since - SKEW


TRANSPORT = Transport(
    title="Phone call",
    about="A call to one phone, by Twilio: it is said twice, and pressing 1 acknowledges.",
    group="people",
    settings=twilio_settings("With + and its country. Each call costs money, so set a limit."),
    destination=lambda config: f"twilio:{config.get('account_sid', '')}",
    recipient=lambda config: str(config["to"]),
    send=send,
    lookup=lookup,
    receipts=True,
    personal=True,
    costs=True,
)
