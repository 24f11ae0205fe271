from django.db import migrations

from monitors.telemetry.packing_schema import BACKWARD, FORWARD


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0006_judging")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
