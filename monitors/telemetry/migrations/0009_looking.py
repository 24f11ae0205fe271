from django.db import migrations

# When claimers have to look at a row: when it is due; at one that a worker holds at the end of its due time's five
# minutes. With each check of what is held its due time moves on, but this stays as it was. So nothing that is indexed
# changes, and PostgreSQL writes the new row next to the old one, without an entry in each of three indexes.
# Each monitor's five minutes begin at a second of its own: else all would move on together. Every function here is
# immutable, as a generated column wants it; adding an interval to a moment is not.
FORWARD = """
ALTER TABLE telemetry_livestate ADD COLUMN look_at timestamptz GENERATED ALWAYS AS (
    CASE WHEN holder IS NULL OR lease_until IS NULL THEN next_due_at
    ELSE to_timestamp(300 * (1 + floor(date_part('epoch', next_due_at - to_timestamp(monitor_no % 300)) / 300))
        + monitor_no % 300) END) STORED;
DROP INDEX telemetry_livestate_due;
CREATE INDEX telemetry_livestate_look ON telemetry_livestate (location, look_at)
    WITH (fillfactor = 70) WHERE look_at IS NOT NULL;
"""
BACKWARD = """
DROP INDEX telemetry_livestate_look;
CREATE INDEX telemetry_livestate_due ON telemetry_livestate (location, next_due_at)
    WITH (fillfactor = 70) WHERE next_due_at IS NOT NULL;
ALTER TABLE telemetry_livestate DROP COLUMN look_at;
"""


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0008_suppression")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
