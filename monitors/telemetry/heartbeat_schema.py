"""The SQL of the heartbeats' tables, as their migration makes them."""

from pulse.rowsecurity import secure

# A heartbeat's row is written at every ping and none of what is written is indexed: its own free space keeps the
# new version within the page. `runs` are [[microseconds of the epoch, run id or null, overdue], ...].
# A ping's number counts up for each monitor, so it orders its pings in time too.
TABLES = """
CREATE TABLE telemetry_heartbeat (
    monitor_no bigint PRIMARY KEY,
    tenant_no integer NOT NULL,
    monitor_id uuid NOT NULL UNIQUE,
    pings bigint NOT NULL DEFAULT 0,
    anchor timestamptz,
    expected_at timestamptz,
    last_ping_at timestamptz,
    last_duration_us bigint,
    last_kind smallint,
    slug text NOT NULL,
    sealed_token text NOT NULL,
    runs jsonb NOT NULL DEFAULT '[]'
) WITH (
    fillfactor = 50,
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_cost_delay = 1
);
CREATE INDEX telemetry_heartbeat_slug ON telemetry_heartbeat (tenant_no, slug);

CREATE TABLE telemetry_ping (
    monitor_no bigint NOT NULL,
    n bigint NOT NULL,
    at timestamptz NOT NULL,
    expected_at timestamptz,
    duration_us bigint,
    tenant_no integer NOT NULL,
    body_size integer NOT NULL DEFAULT 0,
    kind smallint NOT NULL,
    exit_status smallint,
    rid uuid,
    address inet,
    method text NOT NULL,
    agent text NOT NULL DEFAULT '',
    note text NOT NULL DEFAULT '',
    body bytea,
    PRIMARY KEY (monitor_no, n, at)
) PARTITION BY RANGE (at);

CREATE TABLE telemetry_pingbody (
    monitor_no bigint NOT NULL,
    n bigint NOT NULL,
    at timestamptz NOT NULL,
    tenant_no integer NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (monitor_no, n, at)
) PARTITION BY RANGE (at);
"""

WALLED = ("heartbeat", "ping", "pingbody")
FORWARD = TABLES + "".join(secure(f"telemetry_{name}") for name in WALLED)
BACKWARD = "".join(f"DROP TABLE telemetry_{name};" for name in WALLED)
