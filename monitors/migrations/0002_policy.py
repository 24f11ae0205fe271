from django.db import migrations, models

# Who reports in by himself does not flap: his policy begins without.
CALM = "UPDATE monitors_monitor SET flapping_above = 0 WHERE kind IN ('heartbeat', 'host')"


class Migration(migrations.Migration):
    dependencies = [("monitors", "0001_first")]

    operations = [
        migrations.AddField("monitor", "window", models.PositiveSmallIntegerField(default=0, db_default=0)),
        migrations.AddField("monitor", "ratio", models.FloatField(default=0.6, db_default=0.6)),
        migrations.AddField("monitor", "quiet_seconds", models.PositiveIntegerField(default=0, db_default=0)),
        migrations.AddField(
            "monitor", "degraded_up_after", models.PositiveSmallIntegerField(blank=True, null=True)
        ),
        migrations.AddField("monitor", "slow_ms", models.PositiveIntegerField(blank=True, null=True)),
        migrations.AddField("monitor", "flapping_above", models.FloatField(default=0.4, db_default=0.4)),
        migrations.AddField("monitor", "flapping_below", models.FloatField(default=0.2, db_default=0.2)),
        migrations.RunSQL(CALM, migrations.RunSQL.noop),
    ]
