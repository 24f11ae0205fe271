"""The SQL of the audit trail: append-only, by month."""

from pulse.rowsecurity import secure

FORWARD = """
CREATE TABLE tenants_audit (
    no bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    tenant_no integer NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid,
    actor_name text NOT NULL,
    verb text NOT NULL,
    object_kind text NOT NULL,
    object_id text,
    object_name text NOT NULL,
    data jsonb NOT NULL,
    PRIMARY KEY (no, at)
) PARTITION BY RANGE (at);
CREATE INDEX tenants_audit_of ON tenants_audit (tenant_no, at);
""" + secure("tenants_audit")
BACKWARD = "DROP TABLE tenants_audit;"
