"""The form of every kind of channel, its secrets, and their rotation."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from notifications import channels
from notifications.models import NotificationChannel
from notifications.transports import TRANSPORTS, webpush
from pulse.scoping import in_tenant
from tenants.actors import COMMAND_LINE
from tests.notifications.making import webhook
from tests.notifications.test_views_channels import CHANNELS, GOOD

KINDS = sorted(TRANSPORTS)


SLACK = {"url": "https://hooks.slack.com/services/T0/B0/canarysecret"}


def channel_of(organisation: Any, kind: str, config: dict[str, Any], **more: Any) -> NotificationChannel:
    with in_tenant(organisation):
        values = channels.read({"name": kind, "kind": kind, "config": config, **more})
        return channels.create(organisation, values, COMMAND_LINE)[0]


def test_the_kinds_are_offered_in_groups(acme: Any, as_alice: Any) -> None:
    page = as_alice.get(f"{CHANNELS}new/").content.decode()

    assert all(f"/channels/new/{kind}/" in page for kind in KINDS)
    assert all(f">{group}</h2>" in page for group in ("Chat", "People", "On-call services", "Anything else"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_form_with_every_setting(acme: Any, as_alice: Any, kind: str) -> None:
    page = as_alice.get(f"{CHANNELS}new/{kind}/").content.decode()

    assert all(f'name="{one.name}"' in page for one in TRANSPORTS[kind].settings.all)
    assert all(one.label in unescape(page) for one in TRANSPORTS[kind].settings.all)


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_form_says_what_is_missing(acme: Any, as_alice: Any, kind: str) -> None:
    answer = as_alice.post(f"{CHANNELS}new/{kind}/", {"name": "Ops"})

    assert answer.status_code == 422
    assert answer.context["form"].errors


def test_a_secret_is_never_on_a_page_again(acme: Any, as_alice: Any) -> None:
    made = as_alice.post(f"{CHANNELS}new/slack/", {"name": "Ops", "by": "webhook", **SLACK}, follow=True)
    with in_tenant(acme):
        channel = NotificationChannel.objects.get()
    pages = [made, *(as_alice.get(CHANNELS + path) for path in ("", "table/", f"{channel.pk}/"))]

    assert made.status_code == 200
    assert "canarysecret" not in "".join(page.content.decode() for page in pages) + repr(channel.config)
    assert "Slack to hooks.slack.com" in pages[1].content.decode()
    assert "********" in pages[3].content.decode()


def test_a_mask_that_is_sent_back_keeps_the_secret(acme: Any, as_alice: Any) -> None:
    channel = channel_of(acme, "slack", SLACK)

    answer = as_alice.post(
        f"{CHANNELS}{channel.pk}/", {"name": "New name", "by": "webhook", "url": "********"}
    )

    assert answer.status_code == 302
    with in_tenant(acme):
        channel.refresh_from_db()
        assert channel.name == "New name"
        assert channels.open_config(acme, channel).url == SLACK["url"]


def test_a_secret_does_not_move_to_another_server(acme: Any, as_alice: Any) -> None:
    channel = channel_of(acme, "ntfy", {"topic": "ops", "token": "tk_canarysecret"})

    moved = {"name": "n", "topic": "ops", "server": "https://evil.example", "token": "********"}
    answer = as_alice.post(f"{CHANNELS}{channel.pk}/", moved)

    assert answer.status_code == 422
    assert "Enter it again" in answer.context["form"].errors["token"][0]


def test_a_secret_is_not_sent_without_tls_by_whoever_does_not_know_it(acme: Any, as_alice: Any) -> None:
    own = {"topic": "ops", "server": "https://ntfy.example:8080/"}
    channel = channel_of(acme, "ntfy", own | {"token": "tk_canarysecret"})

    plain = own | {"name": "n", "server": "http://ntfy.example:8080/", "token": "********"}

    assert as_alice.post(f"{CHANNELS}{channel.pk}/", plain).status_code == 422
    assert as_alice.post(f"{CHANNELS}{channel.pk}/", plain | {"server": own["server"]}).status_code == 302


def test_a_rotation_shows_the_new_secret_once_and_ends(acme: Any, as_alice: Any) -> None:
    channel = webhook(acme)
    with in_tenant(acme):
        before = channels.open_config(acme, channel).signing

    answer = as_alice.post(f"{CHANNELS}{channel.pk}/rotation/")

    shown = re.findall(r"whsec_[A-Za-z0-9+/=]{40,}", answer.content.decode())
    assert "no-store" in answer.headers["Cache-Control"]
    with in_tenant(acme):
        channel.refresh_from_db()
        assert channels.open_config(acme, channel).signing == (shown[0], *before)
    assert "End the rotation" in as_alice.get(f"{CHANNELS}{channel.pk}/").content.decode()
    as_alice.post(f"{CHANNELS}{channel.pk}/rotation/end/")
    with in_tenant(acme):
        channel.refresh_from_db()
        assert channels.open_config(acme, channel).signing == (shown[0],)


def test_an_edit_during_a_rotation_keeps_both_secrets(acme: Any, as_alice: Any) -> None:
    channel = webhook(acme)
    as_alice.post(f"{CHANNELS}{channel.pk}/rotation/")

    as_alice.post(f"{CHANNELS}{channel.pk}/", GOOD | {"name": "Renamed"})

    with in_tenant(acme):
        channel.refresh_from_db()
        assert len(channels.open_config(acme, channel).signing) == 2


@pytest.mark.parametrize("verb", ["rotation/", "rotation/end/"])
def test_only_who_may_edit_rotates(acme: Any, globex: Any, as_bob: Any, as_charlie: Any, verb: str) -> None:
    channel = webhook(acme)

    assert as_bob.post(f"{CHANNELS}{channel.pk}/{verb}").status_code == 403
    assert as_charlie.post(f"{CHANNELS}{channel.pk}/{verb}").status_code == 404
    assert as_charlie.post(f"/o/globex/channels/{channel.pk}/{verb}").status_code == 404


def test_what_is_not_signed_has_no_secret_to_rotate(acme: Any, as_alice: Any) -> None:
    channel = channel_of(acme, "slack", SLACK)

    assert as_alice.post(f"{CHANNELS}{channel.pk}/rotation/").status_code == 404


def test_a_fallback_that_leads_back_is_refused(acme: Any, as_alice: Any) -> None:
    first = webhook(acme, "First")
    second = channel_of(acme, "slack", SLACK, fallback=str(first.pk))
    third = channel_of(acme, "slack", SLACK, fallback=str(second.pk))

    round_ = as_alice.post(f"{CHANNELS}{first.pk}/", GOOD | {"fallback": str(third.pk)})
    itself = as_alice.post(f"{CHANNELS}{first.pk}/", GOOD | {"fallback": str(first.pk)})

    assert "leads back here" in round_.context["form"].errors["fallback"][0]
    assert itself.status_code == 422
    assert (
        as_alice.post(f"{CHANNELS}{third.pk}/", {"name": "t", **SLACK, "fallback": str(first.pk)}).status_code
        == 302
    )


@pytest.mark.parametrize("limit", ["0", "-1", "many", "10001"])
def test_a_limit_that_cannot_be_is_named(acme: Any, as_alice: Any, limit: str) -> None:
    answer = as_alice.post(f"{CHANNELS}new/webhook/", GOOD | {"hourly_limit": limit})

    assert "hourly_limit" in answer.context["form"].errors


def test_the_form_of_web_push_offers_this_browser(acme: Any, as_alice: Any) -> None:
    page = as_alice.get(f"{CHANNELS}new/webpush/").content.decode()

    assert "data-webpush" in page
    assert f'data-key="{webpush.public_key()}"' in page
