"""The two servers that Pulse runs on: PostgreSQL (the only truth) and Redis or Valkey (disposable)."""

from __future__ import annotations

from urllib.parse import urlsplit

from pulse.settings import env
from pulse.settings.base import PULSE_BASE_URL

DATABASES = {"default": env.database(env.required("DATABASE_URL", "Run `make run`, or name your server."))}
# The owner migrates, provisions and makes partitions; one role may be both on a single machine.
if _admin := env.text("DATABASE_ADMIN_URL"):
    DATABASES["admin"] = env.database(_admin, "DATABASE_ADMIN_URL") | {"TEST": {"MIRROR": "default"}}

REDIS = env.RedisUrl(env.required("REDIS_URL", "Run `make run`, or name your server."))
CELERY_BROKER_URL = REDIS.kombu
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [{"address": REDIS.redis}], "prefix": "pulse"},
    }
}
CACHES = {"default": {"BACKEND": "pulse.cache.TolerantRedisCache", "LOCATION": REDIS.redis}}

_host = urlsplit(PULSE_BASE_URL).hostname or "localhost"
ALLOWED_HOSTS = sorted({_host, "localhost", "127.0.0.1", "[::1]"})
CSRF_TRUSTED_ORIGINS = [PULSE_BASE_URL] if PULSE_BASE_URL.startswith("https://") else []
