from django.db import migrations, models

# Who holds a monitor from one slot to the next, and which workers there are.
FORWARD = """
ALTER TABLE telemetry_livestate ADD COLUMN holder integer;
CREATE TABLE telemetry_worker (holder integer PRIMARY KEY, location smallint NOT NULL);
"""
BACKWARD = "DROP TABLE telemetry_worker; ALTER TABLE telemetry_livestate DROP COLUMN holder;"


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0003_series")]

    operations = [
        migrations.RunSQL(
            FORWARD,
            BACKWARD,
            state_operations=[
                migrations.AddField("LiveState", "holder", models.IntegerField(null=True)),
            ],
        ),
    ]
