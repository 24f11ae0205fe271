from django.db import migrations

from monitors.telemetry.series_schema import BACKWARD, FORWARD


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0002_heartbeats")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
