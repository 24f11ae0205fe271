"""The SQL of deliveries and attempts, as the first migration makes them."""

from pulse.rowsecurity import secure

TABLES = """
CREATE TABLE ledger_delivery (
    no bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    id uuid NOT NULL UNIQUE,
    fact_no bigint NOT NULL,
    tenant_no integer NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    repeats integer NOT NULL DEFAULT 0,
    fencing_token bigint NOT NULL DEFAULT 0,
    follows_no bigint,
    monitor_no bigint,
    incident_id uuid,
    channel_id uuid NOT NULL,
    event text NOT NULL,
    channel_name text NOT NULL,
    transport text NOT NULL,
    recipient text NOT NULL,
    destination text NOT NULL,
    state text NOT NULL,
    wants_recovery boolean NOT NULL DEFAULT false,
    retry_at timestamptz,
    lease_until timestamptz,
    fact_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    first_tried_at timestamptz,
    finished_at timestamptz,
    payload jsonb NOT NULL,
    last_answer text NOT NULL DEFAULT '',
    UNIQUE (fact_no, channel_id, recipient)
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX ledger_delivery_open ON ledger_delivery (retry_at)
    WHERE state IN ('pending', 'sending', 'retrying');
CREATE INDEX ledger_delivery_tenant ON ledger_delivery (tenant_no, no DESC);
CREATE INDEX ledger_delivery_incident ON ledger_delivery (incident_id) WHERE incident_id IS NOT NULL;
CREATE INDEX ledger_delivery_channel ON ledger_delivery (channel_id, no DESC);

CREATE TABLE ledger_attempt (
    delivery_no bigint NOT NULL,
    started_at timestamptz NOT NULL,
    tenant_no integer NOT NULL,
    number integer NOT NULL,
    finished_at timestamptz,
    status_code integer,
    outcome text NOT NULL,
    answer text NOT NULL DEFAULT '',
    PRIMARY KEY (delivery_no, number, started_at)
) PARTITION BY RANGE (started_at);
"""
FORWARD = TABLES + secure("ledger_delivery") + secure("ledger_attempt")
BACKWARD = "DROP TABLE ledger_attempt; DROP TABLE ledger_delivery;"
