"""MQTT 3.1.1: sign in, perhaps wait for a message on a topic, perhaps one that we published (OASIS standard)."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field

from monitors.assertions.model import Source
from monitors.assertions.setting import asserting
from monitors.probes.conversation import Talk, starting
from monitors.probes.mqtt_session import Awaited, Session
from monitors.probes.probe import Probe
from monitors.probes.securing import (
    EVERYWHERE,
    NO_TLS,
    TLS,
    Secured,
    kept,
    opened,
    plain_sign_in,
    refuse_plain_sign_in,
    tls_section,
)  # fmt: skip
from monitors.probes.settings import Settings, refuse, secret, section, text
from pulse.fields import FieldError
from pulse.net.endpoints import parse_endpoint

PORT = 8883
# A check says nothing while it waits, and who is silent for one and a half times this is dropped (3.1.2.10).
_LEAST_KEEP_ALIVE_S, _BEYOND_TIMEOUT_S = 60, 30
_MARK_BYTES = 4


@dataclass(frozen=True, slots=True)
class MqttConfig(Secured):
    username: str = ""
    password: str = field(default="", repr=False)
    plain_sign_in: bool = False
    client_id: str = ""
    topic: str = ""
    publish: str = ""
    expect: str = ""


def read_topic(topic: str) -> str:
    """A topic filter; raises FieldError for wildcards where none may be."""
    levels = topic.split("/")
    for place, level in enumerate(levels):
        last = place == len(levels) - 1
        if (("+" in level or "#" in level) and len(level) > 1) or (level == "#" and not last):
            raise FieldError("Let + stand alone between slashes, and # alone at the end.")
    return topic


async def check(talk: Talk) -> str:
    config: MqttConfig = talk.config
    async with opened(talk, PORT, at_once=config.encrypted) as stream:
        session = Session(stream)
        keep_alive_s = max(_LEAST_KEEP_ALIVE_S, int(talk.job.timeout_s) + _BEYOND_TIMEOUT_S)
        await session.sign_in(config.username, config.password, config.client_id, keep_alive_s)
        words = "accepted the connection"
        if config.topic:
            talk.facts[Source.ANSWER] = kept(await _message(session, config))
            words = "brought a message"
            if config.publish:
                words = "brought an answer" if config.expect else "brought back what was published"
        await session.leave()
    return words


async def _message(session: Session, config: MqttConfig) -> str:
    """What the check waits for."""
    # Its own mark tells what came back from what others publish.
    sent = f"{config.publish} {secrets.token_hex(_MARK_BYTES)}"
    is_awaited = _awaited(config, sent)
    early = await session.subscribe(config.topic, is_awaited)
    if config.publish:  # nothing that came before is an answer to it
        await session.publish(config.topic, sent)
    elif early is not None:
        return early
    return await session.message(is_awaited)


def _awaited(config: MqttConfig, sent: str) -> Awaited:
    """Which message is waited for: one with the text, what was `sent` itself, or an answer to it with the text.

    Other places may check the same, with marks of their own: what they publish answers nothing, as what the broker
    had kept does not.
    """
    if not config.publish:
        return lambda message: config.expect in message.text
    if not config.expect:
        return lambda message: sent in message.text
    ours = re.compile(rf"{re.escape(config.publish)} [0-9a-f]{{{2 * _MARK_BYTES}}}")
    return lambda message: (
        config.expect in message.text and not message.is_retained and ours.fullmatch(message.text) is None
    )


def _together(config: MqttConfig) -> None:
    refuse_plain_sign_in(config.security, config.password, config.plain_sign_in)
    if config.password and not config.username:
        raise refuse("username", "Add the user name: MQTT knows no password without one.")
    if (config.publish or config.expect) and not config.topic:
        raise refuse("topic", "Add the topic that messages are to be read from.")
    if config.publish and ("+" in config.topic or "#" in config.topic):
        raise refuse("topic", "Use a topic without + and #: Pulse is to publish to it.")


SETTINGS = Settings(
    MqttConfig,
    section(
        "Sign-in",
        text("username", "User name", "Empty: no sign-in.", longest=500),
        secret("password", "Password", longest=500),
        plain_sign_in(),
        text("client_id", "Client id", "Empty for a new one at each check.", longest=60),
    ),
    tls_section(TLS, NO_TLS),
    section(
        "What a good answer is",
        text("topic", "Topic", "Empty: a good connection is enough.", longest=500, read=read_topic),
        text(
            "expect", "Wait for a message that contains", "Empty for any, also a retained one.", longest=1000
        ),
        text(
            "publish",
            "Publish and wait for it to come back",
            "Everyone who reads the topic gets it too. With the text above, an answer that contains it is awaited "
            "instead.",
            longest=1000,
        ),
        asserting(*EVERYWHERE, Source.ANSWER),
    ),
    together=_together,
)
PROBE = Probe(
    title="MQTT",
    settings=SETTINGS,
    check_target=lambda target: parse_endpoint(target, PORT),
    start=starting(check),
    sources=frozenset({*EVERYWHERE, Source.ANSWER}),
    placeholder="broker.example.com:8883",
    target_help="Without a port, 8883.",
)
