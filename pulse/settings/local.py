"""One machine: the embedded servers that `make run` started, unless the environment names others."""

from __future__ import annotations

import os

from django.core.exceptions import ImproperlyConfigured

from pulse.embedded import locate
from pulse.embedded.errors import EmbeddedError

if "DATABASE_URL" not in os.environ or "REDIS_URL" not in os.environ:
    try:
        for _name, _value in locate.environment().items():
            os.environ.setdefault(_name, _value)
    except EmbeddedError as error:
        raise ImproperlyConfigured(str(error)) from None

from pulse import logs
from pulse.settings.base import *  # noqa: F403
from pulse.settings.base import PULSE_BASE_URL
from pulse.settings.servers import *  # noqa: F403

# On a machine of one's own the things to watch are mostly near: loopback and private space.
_PRIVATE = "127.0.0.0/8,::1/128,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7"
PULSE_ALLOW_PRIVATE_TARGETS = os.environ.get("PULSE_ALLOW_PRIVATE_TARGETS", _PRIVATE)
PULSE_ALLOW_PRIVATE_WEBHOOKS = os.environ.get("PULSE_ALLOW_PRIVATE_WEBHOOKS", _PRIVATE)

SECURE_COOKIES = PULSE_BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = SECURE_COOKIES
CSRF_COOKIE_SECURE = SECURE_COOKIES

# Style sheets and scripts come straight from the checkout: nothing to collect, nothing to forget after a pull.
WHITENOISE_USE_FINDERS = True
# Looked at anew for each request: after a `git pull` a server that still runs would cut files at their old size.
WHITENOISE_AUTOREFRESH = True
STATIC_ROOT = None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "pulse.static.Plain"},
}

logs.configure(json=False)
