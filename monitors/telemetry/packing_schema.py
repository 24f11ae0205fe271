"""The SQL of packed results, of what results and states are rolled up to, and of the notes that something is due."""

from pulse.rowsecurity import secure

# One row holds the results of a monitor at one location in one hour (monitors/results/encoding.py). Tier 0 has a
# partition a day, dropped when the usual time is over; by then the rows of organisations that keep results longer
# have moved to tier 1, a partition a month. MAIN: what compresses is compressed and all of it stays in the row.
# A row of statemonth has a number for each day of a month: what all of the month's days up to that one come to
# together, in hundredths of a second, so that any stretch of days is two look-ups and a difference.
# A note in resultdaydue says that a monitor's day has hours which its daily roll-up does not know yet; one in
# statedaydue, that a state change or a gap came in for a day that was over. Notes are appended and never updated:
# whoever rolls up sees a note only together with what it speaks of, and nobody waits for anybody.
ROLLUP = """
CREATE TABLE {name} (
    monitor_no bigint NOT NULL,
    at timestamptz NOT NULL,
    total_us bigint NOT NULL,
    tenant_no integer NOT NULL,
    ok integer NOT NULL,
    soft integer NOT NULL,
    failed integer NOT NULL,
    unknown integer NOT NULL,
    location smallint NOT NULL,
    latency smallint[] NOT NULL,
    PRIMARY KEY (tenant_no, monitor_no, at, location)
) PARTITION BY RANGE (at);
"""
TABLES = """
CREATE TABLE telemetry_packed (
    monitor_no bigint NOT NULL,
    hour timestamptz NOT NULL,
    tenant_no integer NOT NULL,
    modes integer NOT NULL,
    results smallint NOT NULL,
    location smallint NOT NULL,
    tier smallint NOT NULL DEFAULT 0,
    wide integer[] NOT NULL,
    small smallint[] NOT NULL,
    kinds jsonb NOT NULL,
    picks smallint[],
    PRIMARY KEY (tenant_no, monitor_no, hour, location, tier)
) PARTITION BY LIST (tier);
ALTER TABLE telemetry_packed ALTER wide SET STORAGE MAIN, ALTER small SET STORAGE MAIN,
    ALTER kinds SET STORAGE MAIN, ALTER picks SET STORAGE MAIN;
CREATE TABLE telemetry_packedusual PARTITION OF telemetry_packed FOR VALUES IN (0) PARTITION BY RANGE (hour);
CREATE TABLE telemetry_packedlong PARTITION OF telemetry_packed FOR VALUES IN (1) PARTITION BY RANGE (hour);

CREATE TABLE telemetry_packedhour (
    before timestamptz PRIMARY KEY,
    results bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE telemetry_resultdaydue (
    monitor_no bigint NOT NULL,
    tenant_no integer NOT NULL,
    day date NOT NULL
);
CREATE INDEX telemetry_resultdaydue_day ON telemetry_resultdaydue (day);
CREATE INDEX telemetry_resultdaydue_monitor ON telemetry_resultdaydue (monitor_no);

CREATE TABLE telemetry_statemonth (
    monitor_no bigint NOT NULL,
    tenant_no integer NOT NULL,
    month date NOT NULL,
    up_cs integer[] NOT NULL,
    degraded_cs integer[] NOT NULL,
    down_cs integer[] NOT NULL,
    turns integer[] NOT NULL,
    PRIMARY KEY (tenant_no, monitor_no, month)
);
CREATE TABLE telemetry_rolledday (
    before timestamptz PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE telemetry_statedaydue (
    monitor_no bigint NOT NULL,
    tenant_no integer NOT NULL,
    day date NOT NULL
);
CREATE INDEX telemetry_statedaydue_monitor ON telemetry_statedaydue (monitor_no);
"""
# Every writer of states and gaps is covered, whoever it is, and pays nothing while nothing is dated back.
NOTE = """
CREATE FUNCTION telemetry_note_{name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO telemetry_statedaydue (monitor_no, tenant_no, day)
    VALUES (NEW.monitor_no, NEW.tenant_no, (NEW.{column} AT TIME ZONE 'UTC')::date);
    RETURN NULL;
END $$;
CREATE TRIGGER note_day AFTER INSERT ON telemetry_{name} FOR EACH ROW
    WHEN (NEW.{column} < date_trunc('day', now(), 'UTC')) EXECUTE FUNCTION telemetry_note_{name}();
"""
# A gap of more than a day is written down once more for each day that it goes on: so whoever reads a stretch of time
# finds what covers its beginning within the day before it.
LONG_GAPS = """
CREATE FUNCTION telemetry_go_on_with_gap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO telemetry_gap (monitor_no, slot, until, tenant_no, location, reason)
    SELECT NEW.monitor_no, day, least(day + interval '24 hours', NEW.until), NEW.tenant_no, NEW.location, NEW.reason
    FROM generate_series(date_trunc('day', NEW.slot, 'UTC') + interval '24 hours', NEW.until - interval '1 ms',
        interval '24 hours') AS day
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER go_on AFTER INSERT ON telemetry_gap FOR EACH ROW
    WHEN (NEW.until - NEW.slot > interval '24 hours') EXECUTE FUNCTION telemetry_go_on_with_gap();
"""
NAMES = (
    "packed", "packedusual", "packedlong", "resulthour", "resultday", "resultdaydue", "statemonth", "statedaydue",
)  # fmt: skip
FORWARD = (
    TABLES
    + "".join(ROLLUP.format(name=f"telemetry_{name}") for name in ("resulthour", "resultday"))
    + "".join(secure(f"telemetry_{name}") for name in NAMES)
    + LONG_GAPS
    + NOTE.format(name="statechange", column="at")
    + NOTE.format(name="gap", column="slot")
)
BACKWARD = """
DROP TRIGGER note_day ON telemetry_gap;
DROP TRIGGER note_day ON telemetry_statechange;
DROP FUNCTION telemetry_note_gap, telemetry_note_statechange;
DROP TABLE telemetry_packedhour, telemetry_rolledday;
DROP TRIGGER go_on ON telemetry_gap;
DROP FUNCTION telemetry_go_on_with_gap;
""" + "".join(f"DROP TABLE IF EXISTS telemetry_{name};" for name in reversed(NAMES))
