"""The suite: the servers that its own session started, cheap passwords, and loopback allowed."""

from __future__ import annotations

from pulse.settings.local import *  # noqa: F403

DEBUG = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["default"] = {"BACKEND": "django.core.files.storage.InMemoryStorage"}  # noqa: F405
ALLOWED_HOSTS = ["*"]
