"""The SQL of the telemetry tables, as the first migration makes them."""

from pulse.rowsecurity import secure

# The row of location 0 stands for all of a monitor's locations together, and for a group: nobody probes it.
# That of location -1 belongs to a monitor that reports in: its next due time is its deadline.
# One row of each monitor is its head, whose status is the monitor's.
# live_state is rewritten twice per check. Its own free space in each page keeps the second write
# (the record, which touches no indexed column) within the page, and vacuum comes by early.
TABLES = """
CREATE SEQUENCE IF NOT EXISTS monitor_no AS bigint;

CREATE TABLE telemetry_location (
    no smallint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    code text NOT NULL UNIQUE
);
INSERT INTO telemetry_location (code) VALUES ('default');

CREATE TABLE telemetry_livestate (
    monitor_no bigint NOT NULL,
    tenant_no integer NOT NULL,
    location smallint NOT NULL,
    status smallint NOT NULL DEFAULT 0,
    interval_seconds integer NOT NULL,
    timeout_seconds integer NOT NULL,
    retry_seconds integer,
    phase_ms integer NOT NULL,
    spec_version integer NOT NULL,
    failures integer NOT NULL DEFAULT 0,
    successes integer NOT NULL DEFAULT 0,
    softs integer NOT NULL DEFAULT 0,
    last_total_us integer,
    last_error smallint NOT NULL DEFAULT 0,
    last_ok boolean,
    is_head boolean NOT NULL DEFAULT true,
    enabled boolean NOT NULL DEFAULT true,
    asked boolean NOT NULL DEFAULT false,
    fencing_token bigint NOT NULL DEFAULT 0,
    next_due_at timestamptz,
    slot timestamptz,
    lease_until timestamptz,
    status_since timestamptz NOT NULL,
    first_failed_slot timestamptz,
    first_soft_slot timestamptz,
    last_slot timestamptz,
    last_checked_at timestamptz,
    last_good_slot timestamptz,
    last_detail text NOT NULL DEFAULT '',
    PRIMARY KEY (monitor_no, location)
) WITH (
    fillfactor = 50,
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_cost_delay = 1,
    autovacuum_analyze_scale_factor = 0.2
);
CREATE INDEX telemetry_livestate_due ON telemetry_livestate (location, next_due_at)
    WITH (fillfactor = 70) WHERE next_due_at IS NOT NULL;
CREATE INDEX telemetry_livestate_tenant ON telemetry_livestate (tenant_no);

CREATE TABLE telemetry_probespec (
    monitor_no bigint PRIMARY KEY,
    tenant_no integer NOT NULL,
    version integer NOT NULL,
    spec jsonb NOT NULL
);
CREATE INDEX telemetry_probespec_tenant ON telemetry_probespec (tenant_no);

CREATE TABLE telemetry_checkresult (
    monitor_no bigint NOT NULL,
    slot timestamptz NOT NULL,
    tenant_no integer NOT NULL,
    lateness_us integer NOT NULL,
    total_us integer,
    dns_us integer,
    connect_us integer,
    tls_us integer,
    wait_us integer,
    transfer_us integer,
    location smallint NOT NULL,
    error smallint NOT NULL,
    status_code smallint,
    ok boolean NOT NULL,
    soft boolean NOT NULL DEFAULT false,
    address inet,
    detail text,
    PRIMARY KEY (monitor_no, slot, location)
) PARTITION BY RANGE (slot);

CREATE TABLE telemetry_gap (
    monitor_no bigint NOT NULL,
    slot timestamptz NOT NULL,
    until timestamptz NOT NULL,
    tenant_no integer NOT NULL,
    location smallint NOT NULL,
    reason smallint NOT NULL,
    PRIMARY KEY (monitor_no, slot, location)
) PARTITION BY RANGE (slot);

CREATE TABLE telemetry_evidence (
    monitor_no bigint NOT NULL,
    slot timestamptz NOT NULL,
    tenant_no integer NOT NULL,
    location smallint NOT NULL,
    document jsonb NOT NULL,
    PRIMARY KEY (monitor_no, slot, location)
) PARTITION BY RANGE (slot);

CREATE TABLE telemetry_blindness (
    no bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    location smallint NOT NULL,
    began timestamptz NOT NULL,
    ended timestamptz
);
CREATE UNIQUE INDEX telemetry_blindness_open ON telemetry_blindness (location) WHERE ended IS NULL;

CREATE TABLE telemetry_statechange (
    no bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    monitor_no bigint NOT NULL,
    at timestamptz NOT NULL,
    tenant_no integer NOT NULL,
    location smallint NOT NULL,
    status smallint NOT NULL
);
CREATE INDEX telemetry_statechange_of ON telemetry_statechange (monitor_no, at);
"""

WALLED = ("livestate", "probespec", "checkresult", "gap", "evidence", "statechange")
FORWARD = TABLES + "".join(secure(f"telemetry_{name}") for name in WALLED)
BACKWARD = "".join(f"DROP TABLE telemetry_{name};" for name in (*WALLED, "blindness", "location")) + (
    "DROP SEQUENCE monitor_no;"
)
