from django.db import migrations, models

# When the certificate or the domain that a good check saw ends. The row is written with each result anyway.
FORWARD = "ALTER TABLE telemetry_livestate ADD COLUMN expires_at timestamptz"
BACKWARD = "ALTER TABLE telemetry_livestate DROP COLUMN expires_at"


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0009_looking")]

    operations = [
        migrations.RunSQL(
            FORWARD,
            BACKWARD,
            state_operations=[
                migrations.AddField("LiveState", "expires_at", models.DateTimeField(null=True)),
            ],
        ),
    ]
