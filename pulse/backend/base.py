"""Set the schema and the row wall together, in one statement, before any other statement runs."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.utils import Error
from django_tenants.postgresql_backend import base
from django_tenants.utils import quote_schema_name
from psycopg.pq import TransactionStatus

SCOPE = (
    "SELECT set_config('search_path', %s, false), set_config('app.tenant', %s, false),"
    " set_config('app.pipeline', %s, false)"
)
ROLE = "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"


class DatabaseWrapper(base.DatabaseWrapper):  # type: ignore[misc]
    """django-tenants' wrapper with two walls and no quiet failure.

    The original swallows an error of `SET search_path`, so the next statement would run on the
    path of whoever came before. Here a failed SET closes the connection and the error is raised;
    only in a transaction that is already aborted is it left out, since every statement but
    ROLLBACK fails there by itself.
    """

    pipeline = False
    search_path_set_schemas: tuple[str, str, str] | None
    _setting_search_path: bool

    def set_tenant(self, tenant: Any, include_public: bool = True) -> None:
        self.pipeline = False
        super().set_tenant(tenant, include_public)

    def set_pipeline(self) -> None:
        """See the machine rows of every organisation, and no organisation's schema."""
        self.set_schema_to_public()
        self.pipeline = True

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        role = connection.execute(ROLE).fetchone()
        if not connection.autocommit:
            connection.rollback()
        if role[1] or role[2]:
            connection.close()
            what = "a superuser" if role[1] else "a role with BYPASSRLS"
            raise ImproperlyConfigured(
                f"The database role {role[0]!r} is {what}: row security would not hold for it."
                " Use a role made with NOSUPERUSER NOBYPASSRLS."
            )
        return connection

    def _handle_search_path(self, cursor: Any = None) -> None:
        scope = self._scope()
        if self._setting_search_path or self.search_path_set_schemas == scope:
            return
        if self.connection.info.transaction_status == TransactionStatus.INERROR:
            return
        self._setting_search_path = True
        own = self.connection.cursor() if cursor is None else cursor
        try:
            own.execute(SCOPE, scope)
        except BaseException:
            self.close()
            raise
        finally:
            self._setting_search_path = False
            if cursor is None and self.connection is not None:
                own.close()
        self.search_path_set_schemas = scope

    def _scope(self) -> tuple[str, str, str]:
        """(search_path, app.tenant, app.pipeline). '' is no number: a row policy then raises."""
        path = ",".join(quote_schema_name(name) for name in self._get_cursor_search_paths())
        number = "0" if self.pipeline else str(getattr(self.tenant, "no", ""))
        return path, number, "on" if self.pipeline else ""


DatabaseError = Error
