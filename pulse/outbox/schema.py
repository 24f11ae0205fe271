"""The SQL of the outbox, as the first migration makes it."""

from pulse.rowsecurity import secure

FORWARD = """
CREATE TABLE outbox_fact (
    no bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    tenant_no integer NOT NULL,
    sequence integer NOT NULL,
    subject uuid NOT NULL,
    kind text NOT NULL,
    payload jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    hold_until timestamptz,
    lease_until timestamptz,
    routed_at timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    outcome text NOT NULL DEFAULT '',
    UNIQUE (subject, kind, sequence)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX outbox_fact_waiting ON outbox_fact (no) WHERE routed_at IS NULL;
CREATE INDEX outbox_fact_tenant ON outbox_fact (tenant_no, no);
""" + secure("outbox_fact")
BACKWARD = "DROP TABLE outbox_fact;"
