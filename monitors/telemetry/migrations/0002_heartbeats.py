from django.db import migrations

from monitors.telemetry.heartbeat_schema import BACKWARD, FORWARD


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0001_first")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
