"""The SQL of the tables that hold series of numbers: what hosts push, and what is asked of other systems."""

from pulse.rowsecurity import secure

# A sample is 24 bytes of data under 24 of header; its columns stand in an order that pads nothing. The key
# keeps samples of a series together and makes a repeated one a conflict. Roll-ups hold what merges: from
# five minutes to the hour, and to any bucket of a chart.
ROLLUP = """
CREATE TABLE {name} (
    at timestamptz NOT NULL,
    total double precision NOT NULL,
    least double precision NOT NULL,
    most double precision NOT NULL,
    last double precision NOT NULL,
    series_no integer NOT NULL,
    tenant_no integer NOT NULL,
    samples integer NOT NULL,
    PRIMARY KEY (series_no, at)
) PARTITION BY RANGE (at);
"""
TABLES = """
CREATE TABLE telemetry_series (
    no integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    tenant_no integer NOT NULL,
    monitor_no bigint NOT NULL,
    identity uuid NOT NULL,
    name text NOT NULL,
    labels jsonb NOT NULL,
    unit text NOT NULL,
    is_counter boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (monitor_no, identity)
);
CREATE INDEX telemetry_series_tenant ON telemetry_series (tenant_no);

CREATE TABLE telemetry_sample (
    at timestamptz NOT NULL,
    value double precision NOT NULL,
    series_no integer NOT NULL,
    tenant_no integer NOT NULL,
    PRIMARY KEY (series_no, at)
) PARTITION BY RANGE (at);

CREATE TABLE telemetry_samplestored (
    monitor_no bigint NOT NULL,
    at timestamptz NOT NULL,
    tenant_no integer NOT NULL
);
CREATE INDEX telemetry_samplestored_at ON telemetry_samplestored (at);
CREATE INDEX telemetry_samplestored_monitor ON telemetry_samplestored (monitor_no, at);

CREATE TABLE telemetry_ingestbatch (
    tenant_no integer NOT NULL,
    batch uuid NOT NULL,
    monitor_no bigint NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_no, batch)
);
CREATE INDEX telemetry_ingestbatch_received ON telemetry_ingestbatch (received_at);
"""
NAMES = ("series", "sample", "samplestored", "ingestbatch", "rollupfive", "rolluphour")
FORWARD = (
    TABLES
    + "".join(ROLLUP.format(name=f"telemetry_{name}") for name in ("rollupfive", "rolluphour"))
    + "".join(secure(f"telemetry_{name}") for name in NAMES)
)
BACKWARD = "".join(f"DROP TABLE telemetry_{name};" for name in NAMES)
