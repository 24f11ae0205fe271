from django.db import migrations

from pulse.rowsecurity import secure

# A maintenance window that is planned, running or over: the next one of each window is written ahead, so that
# nothing hangs on how precisely a worker wakes. Those that are over stay as they were, whatever becomes of the window.
# `due_at` is when a worker has to look at the row again. `numbers` are the monitors that it covered in the end.
FORWARD = """
CREATE TABLE telemetry_maintenance (
    no bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    window_id uuid NOT NULL,
    starts timestamptz NOT NULL,
    ends timestamptz NOT NULL,
    due_at timestamptz,
    tenant_no integer NOT NULL,
    has_begun boolean NOT NULL DEFAULT false,
    everything boolean NOT NULL DEFAULT false,
    name text NOT NULL,
    numbers bigint[] NOT NULL DEFAULT '{}',
    UNIQUE (window_id, starts)
);
CREATE INDEX telemetry_maintenance_due ON telemetry_maintenance (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX telemetry_maintenance_of ON telemetry_maintenance (tenant_no, ends);

CREATE TABLE telemetry_heldoutage (
    monitor_no bigint PRIMARY KEY,
    began timestamptz NOT NULL,
    at timestamptz NOT NULL,
    until timestamptz,
    due_at timestamptz NOT NULL,
    by_id uuid NOT NULL,
    tenant_no integer NOT NULL,
    reason text NOT NULL,
    by_name text NOT NULL,
    detail text NOT NULL
);
CREATE INDEX telemetry_heldoutage_due ON telemetry_heldoutage (due_at);
CREATE INDEX telemetry_heldoutage_tenant ON telemetry_heldoutage (tenant_no);
"""
NAMES = ("maintenance", "heldoutage")
BACKWARD = "".join(f"DROP TABLE telemetry_{name};" for name in NAMES)


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0007_packing")]

    operations = [
        migrations.RunSQL(FORWARD + "".join(secure(f"telemetry_{name}") for name in NAMES), BACKWARD)
    ]
