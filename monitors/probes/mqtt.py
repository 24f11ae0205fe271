"""MQTT 3.1.1: sign in, perhaps wait for a message on a topic, perhaps one that we published (OASIS standard)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from monitors.assertions.model import Source
from monitors.assertions.setting import asserting
from monitors.probes.conversation import Talk, starting
from monitors.probes.mqtt_session import Session
from monitors.probes.probe import Probe
from monitors.probes.securing import (
    EVERYWHERE,
    LONGEST_ANSWER,
    NO_TLS,
    TLS,
    Secured,
    opened,
    plain_sign_in,
    refuse_plain_sign_in,
    tls_section,
)  # fmt: skip
from monitors.probes.settings import Settings, refuse, secret, section, text
from pulse.fields import FieldError
from pulse.net.endpoints import parse_endpoint

PORT = 8883


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
        await session.sign_in(config.username, config.password, config.client_id)
        words = "accepted the connection"
        if config.topic:
            await session.subscribe(config.topic)
            expect = config.expect
            if config.publish:
                # Its own mark tells what came back from what others publish.
                sent = f"{config.publish} {secrets.token_hex(4)}"
                await session.publish(config.topic, sent)
                expect = sent
            message = await session.message(expect)
            talk.facts[Source.ANSWER] = message[:LONGEST_ANSWER]
            words = "brought back what was published" if config.publish else "brought a message"
        await session.leave()
    return words


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
            "Everyone who reads the topic gets it too.",
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
