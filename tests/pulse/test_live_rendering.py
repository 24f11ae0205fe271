"""What changed is rendered once, beside the caller, and only for somebody who looks."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import msgpack  # type: ignore[import-untyped]
import pytest
import redis
from django.conf import settings

from pulse import live, scoping


class Page:
    """What an open page of an organisation hears, without a browser."""

    def __init__(self, organisation: Any) -> None:
        self.client: Any = redis.Redis.from_url(settings.REDIS.redis)
        self.connection = self.client.pubsub()  # type: ignore[no-untyped-call]
        self.connection.subscribe(f"pulse__group__{live.group_of_organisation(organisation.id)}")
        assert self.connection.get_message(timeout=5)

    def hear(self, timeout: float = 5) -> dict[str, Any] | None:
        message = self.connection.get_message(timeout=timeout)
        return json.loads(msgpack.unpackb(message["data"])["text"]) if message else None


@pytest.fixture
def page(acme: Any) -> Iterator[Page]:
    page = Page(acme)
    yield page
    page.connection.close()


def test_markup_is_rendered_inside_the_organisation_and_sent(acme: Any, page: Page) -> None:
    live.publish_rendered(acme, ["things"], lambda keys: {"here": f"{scoping.current().slug} {keys}"}, [2, 1])

    heard = page.hear()

    assert heard is not None
    assert (heard["topics"], heard["fragments"]) == (["things"], {"here": "acme [1, 2]"})


def test_a_rendering_that_fails_still_tells_the_topics_and_hurts_nobody(acme: Any, page: Page) -> None:
    def fail(keys: list[int]) -> dict[str, str]:
        raise ValueError(keys)

    live.publish_rendered(acme, ["broken"], fail, [1])
    first = page.hear()
    live.publish_rendered(acme, ["fine"], lambda _: {"a": "b"}, [1])
    second = page.hear()

    assert first is not None
    assert second is not None
    assert (first["topics"], first["fragments"]) == (["broken"], {})
    assert second["fragments"] == {"a": "b"}


def test_changes_that_wait_are_rendered_in_one_go(acme: Any, page: Page) -> None:
    rendered: list[list[int]] = []

    def slowly(keys: list[int]) -> dict[str, str]:
        rendered.append(keys)
        time.sleep(0.3)
        return {}

    for key in range(1, 6):
        live.publish_rendered(acme, [f"thing:{key}"], slowly, [key])
        time.sleep(0.02)
    first, second = page.hear(), page.hear()

    assert rendered == [[1], [2, 3, 4, 5]]
    assert first is not None
    assert second is not None
    assert second["topics"] == ["thing:2", "thing:3", "thing:4", "thing:5"]


def test_very_many_changes_send_topics_only(acme: Any, page: Page) -> None:
    live.publish_rendered(acme, ["many"], lambda _: {"a": "b"}, range(live.RENDERED_AT_MOST + 1))

    heard = page.hear()

    assert heard is not None
    assert heard["fragments"] == {}


def test_nothing_is_rendered_while_no_page_is_open(acme: Any, globex: Any, page: Page) -> None:
    rendered: list[str] = []

    def note(keys: list[int]) -> dict[str, str]:
        rendered.append(scoping.current().slug)
        return {}

    live.publish_rendered(globex, ["things"], note, [1])
    live.publish_rendered(acme, ["things"], note, [1])

    assert page.hear() is not None
    assert rendered == ["acme"]
