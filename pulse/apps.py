from django.apps import AppConfig


class PulseConfig(AppConfig):
    name = "pulse"

    def ready(self) -> None:
        from pulse import (
            admin,
            celery,  # noqa: F401  # makes it the current app, so that bells find the broker
        )

        admin.install()
