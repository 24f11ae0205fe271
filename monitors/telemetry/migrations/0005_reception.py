from django.db import migrations

# One row: when something that takes reports was last there, and when it was away before.
FORWARD = """
CREATE TABLE telemetry_reception (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    seen_at timestamptz NOT NULL,
    left_at timestamptz,
    returned_at timestamptz
);
"""
BACKWARD = "DROP TABLE telemetry_reception;"


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0004_holding")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
