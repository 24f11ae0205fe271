from django.apps import AppConfig


class MonitorsConfig(AppConfig):
    name = "monitors"

    def ready(self) -> None:
        from monitors import grouping
        from monitors.suppression import telling

        grouping.register()
        telling.register()
