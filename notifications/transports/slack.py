"""Slack: an incoming webhook, or an app with a bot token, which has buttons and answers in threads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from monitors.probes.settings import Setting, Settings, choose, section, text
from notifications import events
from notifications.transports import slack_blocks
from notifications.transports.asking import Reply, Statuses, api, ask, judge, policy_of_users, retry_after_of
from notifications.transports.base import Answer, DeliveryFailed, Message, Transport
from notifications.transports.fields import needed, secret_url, token
from notifications.wording import words_of

API = "https://slack.com/api"
# What Slack calls an error, by what to do about it; all else is worth another try.
REFUSED = {
    "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope",
    "channel_not_found", "not_in_channel", "restricted_action", "no_permission", "access_denied", "org_login_required",
    "ekm_access_denied", "invalid_token", "action_prohibited", "team_access_not_granted", "user_not_found",
}  # fmt: skip
GONE = {"no_service", "no_active_hooks", "channel_is_archived", "is_archived", "no_team"}
FINAL = {
    "invalid_blocks",
    "invalid_payload",
    "msg_too_long",
    "no_text",
    "invalid_arguments",
    "invalid_attachments",
}
OF_WEBHOOKS = Statuses(misconfigured=(401, 403, 404), gone=(), permanent=(400, 413))


@dataclass(frozen=True, slots=True)
class Config:
    by: str
    url: str
    token: str
    channel: str
    signing_secret: str


def _together(config: Config) -> None:
    if config.by == "app":
        needed({"token": "Enter the bot token of the app.", "channel": "Enter the channel to write to."})(
            config
        )
    else:
        needed({"url": "Enter the URL of the incoming webhook."})(config)


def _for(way: str, *settings: Setting) -> list[Setting]:
    """Of use by that way alone, so that a form leaves them away by the other."""
    return [replace(setting, only=("by", way)) for setting in settings]


SETTINGS = Settings(
    Config,
    section(
        "Where to",
        choose("by", "By", [("webhook", "incoming webhook"), ("app", "app with a bot token")]),
        *_for(
            "webhook",
            secret_url("url", "Webhook URL", "https://hooks.slack.com/services/…", optional=True),
        ),
        *_for(
            "app",
            token("token", "Bot token", "xoxb-…, with the scope chat:write."),
            text("channel", "Channel", "Its id, like C0123456789; the app must be a member.", longest=80),
            token("signing_secret", "Signing secret", "Of the app. With it a button acknowledges in Slack."),
        ),
    ),
    together=_together,
)


def send(message: Message, config: Config) -> Answer:
    return _by_app(message, config) if config.by == "app" else _by_webhook(message, config)


def _by_webhook(message: Message, config: Config) -> Answer:
    document = slack_blocks.document(words_of(message))
    reply = ask("POST", config.url, policy_of_users(), document=document)
    # Its errors are bare words. The address may lead anywhere, so only those that are known are shown.
    error = reply.body[:80].decode("ascii", "replace").strip()
    if not 200 <= reply.status < 300 and error in REFUSED | GONE | FINAL:
        raise _failed(reply, error)
    return judge(reply, OF_WEBHOOKS)


def _by_app(message: Message, config: Config) -> Answer:
    """What follows an outage goes into its thread, and its end takes the buttons from the first message."""
    # The button gives back the token that the link would have been opened with.
    button = message.links.acknowledge.rstrip("/").rpartition("/")[2] if config.signing_secret else ""
    place, _, began = message.follows.partition(":")
    document = slack_blocks.document(words_of(message), button) | {"channel": place or config.channel}
    if began:
        document |= {"thread_ts": began, "reply_broadcast": message.event == events.RESOLVED}
    reply = _call("chat.postMessage", document, config)
    said = reply.document
    if began and message.event in (events.RESOLVED, events.ACKNOWLEDGED):
        _close(message, config, place, began)
    sent = f"{said.get('channel', '')}:{said.get('ts', '')}"
    return judge(reply, provider_id=message.follows or sent)


def _close(message: Message, config: Config, place: str, began: str) -> None:
    """Nobody is to press a button of what is over. Best effort: the message itself is in the thread."""
    document = slack_blocks.document(words_of(message)) | {"channel": place, "ts": began}
    try:
        _call("chat.update", document, config)
    except DeliveryFailed:
        return


def _call(method: str, document: dict[str, Any], config: Config) -> Reply:
    base, policy = api("slack", API, config.channel)
    headers = {"Authorization": f"Bearer {config.token}"}
    reply = ask("POST", f"{base}/{method}", policy, document=document, headers=headers)
    error = reply.document.get("error")
    if reply.status == 200 and not reply.document.get("ok"):
        raise _failed(
            reply, error if isinstance(error, str) and error.isidentifier() else "no answer of Slack"
        )
    judge(reply)
    return reply


def _failed(reply: Reply, error: str) -> DeliveryFailed:
    return DeliveryFailed(
        f"answered {reply.status}: {error[:80]}",
        reply.status,
        misconfigured=error in REFUSED,
        gone=error in GONE,
        permanent=True if error in FINAL else None,
        retry_after=retry_after_of(reply.headers),
        request=reply.request,
    )


TRANSPORT = Transport(
    title="Slack",
    about="A message in a channel, by an incoming webhook; by an app with buttons and threads. Servers that take "
    "Slack's webhooks, like Mattermost, do too.",
    group="chat",
    settings=SETTINGS,
    destination=lambda config: str(config.get("host") or "slack.com"),
    recipient=lambda config: str(config.get("channel") or config.get("host") or "slack.com"),
    send=send,
)
