from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "pulse.outbox"
    label = "outbox"
