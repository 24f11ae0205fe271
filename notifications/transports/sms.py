"""Text messages by Twilio, in one part where they fit, with a short code by which a send is found again."""

from __future__ import annotations

import base64
from datetime import datetime
from hashlib import sha256
from unicodedata import normalize

from notifications.transports.base import Answer, Message, Transport
from notifications.transports.twilio_account import Config, callback, sender_of, twilio_settings, with_client
from notifications.wording import Words, words_of
from notifications.wording.shape import cut, one_line

# GSM 03.38: text of these alone has 160 characters a message, any other 70.
GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
TWICE = frozenset("^{}\\[~]|€")  # an escape and a character
LIKE_GSM = {
    "\u00b7": "-", "\u2013": "-", "\u2014": "-", "\u2026": "...", "\u2018": "'", "\u2019": "'", "\u201c": '"',
    "\u201d": '"', "`": "'", "\t": " ",
}  # fmt: skip
PARTS_OF_GSM, PARTS_OF_OTHERS = (160, 306, 459), (70, 134, 201)
LEAST_TEXT = 40
NEWEST = 100
LOST = ("failed", "undelivered", "canceled")


def code_of(key: str) -> str:
    """Six letters and digits that a text carries, by which it is found again."""
    return base64.b32encode(sha256(key.encode()).digest()[:4]).decode()[:6]


def text_of(message: Message, words: Words) -> str:
    """The sentence is shortened to what the links leave of as few messages as can be; the links never are."""
    rest = f" #{code_of(message.key)}"
    if message.links.acknowledge:
        rest += f"\nTake it: {message.links.acknowledge}"
    if message.links.why:
        rest += f"\nWhy: {message.links.why}"
    drill = "DRILL " if words.is_drill else ""
    said = plain(drill + words.sentence)
    is_gsm = set(said + rest) <= GSM | TWICE
    sizes = PARTS_OF_GSM if is_gsm else PARTS_OF_OTHERS
    size = next((one for one in sizes if one - _length(rest) >= min(LEAST_TEXT, _length(said))), sizes[-1])
    return _fit(said, max(size - _length(rest), LEAST_TEXT)) + rest


def plain(words: str) -> str:
    """Typographic characters as the alphabet of texts has them; letters of other scripts stay."""
    words = "".join(LIKE_GSM.get(char, char) for char in one_line(words))
    return "".join(char if char in GSM else _without_accent(char) for char in words)


def _without_accent(char: str) -> str:
    bare = normalize("NFKD", char)[:1]
    return bare if bare in GSM else char


def _length(words: str) -> int:
    return len(words) + sum(char in TWICE for char in words)


def _fit(words: str, room: int) -> str:
    while _length(words) > room:
        words = cut(words, len(words) - 1).replace("…", "").rstrip()
    return words


def send(message: Message, config: Config) -> Answer:
    body = text_of(message, words_of(message))
    sent, reply = with_client(
        config,
        lambda client: client.messages.create(
            to=config.to, body=body, status_callback=callback(message, config), **sender_of(config)
        ),
    )
    return Answer(f"answered {reply.status}: {sent.status}", reply.status, sent.sid, reply.request)


def lookup(message: Message, config: Config, since: datetime) -> Answer | None:
    """Whether a text with this code is on its way or there.

    Not narrowed down by time: Twilio's filter goes by when it was sent, which a queued one has not been.
    """
    mark = f"#{code_of(message.key)}"
    found, reply = with_client(config, lambda client: client.messages.list(to=config.to, limit=NEWEST))
    known = next((one for one in found if mark in (one.body or "") and one.status not in LOST), None)
    return Answer(f"found: {known.status}", reply.status, known.sid, reply.request) if known else None


TRANSPORT = Transport(
    title="SMS",
    about="A text to one phone, by Twilio.",
    group="people",
    settings=twilio_settings("With + and its country. Each message costs money, so set a limit."),
    destination=lambda config: f"twilio:{config.get('account_sid', '')}",
    recipient=lambda config: str(config["to"]),
    send=send,
    lookup=lookup,
    receipts=True,
    personal=True,
    costs=True,
)
