"""Servers: refuses to start without real secrets, and speaks HTTPS only."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured

from pulse import logs
from pulse.settings import env
from pulse.settings.base import *  # noqa: F403
from pulse.settings.base import PULSE_BASE_URL, PULSE_DATA  # noqa: F401
from pulse.settings.servers import *  # noqa: F403

SECRET_KEY = env.required(
    "SECRET_KEY", "Make one: python3 -c 'import secrets; print(secrets.token_urlsafe(50))'."
)
PULSE_ENCRYPTION_KEYS = env.required(
    "PULSE_ENCRYPTION_KEYS",
    "Make one: python3 -c 'import base64, os; print(\"k1:\" + base64.b64encode(os.urandom(32)).decode())'.",
)
if len(SECRET_KEY) < 40:
    raise ImproperlyConfigured("SECRET_KEY is shorter than 40 characters: make a real one.")
env.required("PULSE_BASE_URL", "Set it to the address that people type, such as https://pulse.example.com.")
if not PULSE_BASE_URL.startswith("https://") and not env.flag("PULSE_INSECURE_HTTP", False):
    raise ImproperlyConfigured("PULSE_BASE_URL must start with https:// in production.")

_secure = PULSE_BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _secure
if _secure:
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    # nginx is the only way in and sets this header itself, whatever the visitor sent.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "pulse.static.Hashed"},
}

logs.configure(json=True)
