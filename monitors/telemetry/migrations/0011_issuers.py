from django.db import migrations

from pulse.rowsecurity import secure

# Whose certificate a monitor accepts at a location: what its first good check saw, until somebody accepts another.
FORWARD = """
CREATE TABLE telemetry_issuer (
    monitor_no bigint NOT NULL,
    accepted_at timestamptz NOT NULL DEFAULT now(),
    tenant_no integer NOT NULL,
    location smallint NOT NULL,
    issuer text NOT NULL CHECK (length(issuer) <= 300),
    PRIMARY KEY (monitor_no, location)
);
""" + secure("telemetry_issuer")
BACKWARD = "DROP TABLE telemetry_issuer"


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0010_expiring")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
