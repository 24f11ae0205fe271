from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"

    def ready(self) -> None:
        from notifications import bouncing, handlers

        handlers.register()
        bouncing.register()
