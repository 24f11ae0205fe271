"""Which of apprise's services are taken, and where each of them leads."""

from __future__ import annotations

# Services that speak to one host of their own, whatever an address says; the child can look up no other name.
SERVICES: dict[str, tuple[str, ...]] = {
    "46elks": ("api.46elks.com",),
    "bulksms": ("api.bulksms.com",),
    "bulkvs": ("portal.bulkvs.com",),
    "chanify": ("api.chanify.net",),
    "clickatell": ("platform.clickatell.com",),
    "clicksend": ("rest.clicksend.com",),
    "cm": ("gw.messaging.cm.com",),
    "d7sms": ("api.d7networks.com",),
    "dingtalk": ("oapi.dingtalk.com",),
    "firehydrant": ("signals.firehydrant.com",),
    "flock": ("api.flock.com", "api.flock.co"),
    "freemobile": ("smsapi.free-mobile.fr",),
    "gchat": ("chat.googleapis.com",),
    "groupme": ("api.groupme.com",),
    "httpsms": ("api.httpsms.com",),
    "ifttt": ("maker.ifttt.com",),
    "ilert": ("api.ilert.com",),
    "incidentio": ("api.incident.io",),
    "join": ("joinjoaomgcd.appspot.com",),
    "kavenegar": ("api.kavenegar.com",),
    "line": ("api.line.me",),
    "mailersend": ("api.mailersend.com",),
    "msg91": ("control.msg91.com",),
    "msgbird": ("rest.messagebird.com",),
    "octopush": ("api.octopush.com",),
    "pagertree": ("api.pagertree.com",),
    "pbul": ("api.pushbullet.com",),
    "plivo": ("api.plivo.com",),
    "postmark": ("api.postmarkapp.com",),
    "pover": ("api.pushover.net",),
    "prowl": ("api.prowlapp.com",),
    "pushed": ("api.pushed.co",),
    "pushy": ("api.pushy.me",),
    "resend": ("api.resend.com",),
    "seven": ("gateway.seven.io",),
    "signl4": ("connect.signl4.com",),
    "simplepush": ("api.simplepu.sh",),
    "spike": ("api.spike.sh",),
    "squadcast": ("api.squadcast.com", "api.eu.squadcast.com"),
    "telnyx": ("api.telnyx.com",),
    "threema": ("msgapi.threema.ch",),
    "twist": ("api.twist.com",),
    "viber": ("chatapi.viber.com",),
    "victorops": ("alert.victorops.com",),
    "vonage": ("rest.nexmo.com",),
    "webex": ("webexapis.com", "api.ciscospark.com"),
    "wecombot": ("qyapi.weixin.qq.com",),
    "whapi": ("gate.whapi.cloud",),
    "zoom": ("inbots.zoom.us",),
}
# Pulse speaks to these itself, with retries, receipts and threads that apprise has not.
OWN = {
    "discord": "discord", "slack": "slack", "tgram": "telegram", "ntfy": "ntfy", "ntfys": "ntfy", "twilio": "sms",
    "pagerduty": "pagerduty", "opsgenie": "opsgenie", "mailto": "email", "mailtos": "email", "workflows": "teams",
    "msteams": "teams", "json": "webhook", "jsons": "webhook", "xml": "webhook", "form": "webhook", "vapid": "webpush",
}  # fmt: skip
# Others read files, fetch pictures, follow redirects or skip the check of certificates.
PARAMETERS = {
    "to", "from", "priority", "sound", "region", "batch", "tags", "level", "expire", "retry", "label", "key", "token",
    "secret", "apikey", "id", "route", "service", "unicode", "flash", "ttl", "group",
}  # fmt: skip
