from django.apps import AppConfig

from pulse.rowsecurity import Partitioned


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = "Organisations and people"
    partitioned = (Partitioned("tenants_audit", "month", None),)

    def ready(self) -> None:
        from tenants import signin

        signin.watch_passwords()
