from django.db import migrations, models

from monitors.telemetry.schema import BACKWARD, FORWARD


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Blindness",
            fields=[
                ("no", models.BigAutoField(primary_key=True, serialize=False)),
                ("location", models.SmallIntegerField()),
                ("began", models.DateTimeField()),
                ("ended", models.DateTimeField(null=True)),
            ],
            options={
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="CheckResult",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "monitor_no",
                        "slot",
                        "location",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("monitor_no", models.BigIntegerField()),
                ("slot", models.DateTimeField()),
                ("location", models.SmallIntegerField()),
                ("tenant_no", models.IntegerField()),
                ("ok", models.BooleanField()),
                ("soft", models.BooleanField(default=False)),
                ("error", models.SmallIntegerField()),
                ("status_code", models.SmallIntegerField(null=True)),
                ("lateness_us", models.IntegerField()),
                ("dns_us", models.IntegerField(null=True)),
                ("connect_us", models.IntegerField(null=True)),
                ("tls_us", models.IntegerField(null=True)),
                ("wait_us", models.IntegerField(null=True)),
                ("transfer_us", models.IntegerField(null=True)),
                ("total_us", models.IntegerField(null=True)),
                ("address", models.TextField(null=True)),
                ("detail", models.TextField(null=True)),
            ],
            options={
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Evidence",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "monitor_no",
                        "slot",
                        "location",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("monitor_no", models.BigIntegerField()),
                ("slot", models.DateTimeField()),
                ("location", models.SmallIntegerField()),
                ("tenant_no", models.IntegerField()),
                ("document", models.JSONField()),
            ],
            options={
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Gap",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "monitor_no",
                        "slot",
                        "location",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("monitor_no", models.BigIntegerField()),
                ("slot", models.DateTimeField()),
                ("location", models.SmallIntegerField()),
                ("tenant_no", models.IntegerField()),
                ("until", models.DateTimeField()),
                (
                    "reason",
                    models.SmallIntegerField(
                        choices=[
                            (1, "no worker took it in time"),
                            (2, "the worker that took it did not answer"),
                            (3, "its result could not be recorded"),
                            (4, "the prober's own network was down"),
                            (5, "too many checks of the organisation or of that destination were under way"),
                        ]
                    ),
                ),
            ],
            options={
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="LiveState",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "monitor_no",
                        "location",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("monitor_no", models.BigIntegerField()),
                ("location", models.SmallIntegerField()),
                ("tenant_no", models.IntegerField()),
                ("next_due_at", models.DateTimeField(null=True)),
                ("interval_seconds", models.IntegerField()),
                ("timeout_seconds", models.IntegerField()),
                ("retry_seconds", models.IntegerField(null=True)),
                ("phase_ms", models.IntegerField()),
                ("slot", models.DateTimeField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("fencing_token", models.BigIntegerField(default=0)),
                ("spec_version", models.IntegerField()),
                ("is_head", models.BooleanField(default=True)),
                ("enabled", models.BooleanField(default=True)),
                ("asked", models.BooleanField(default=False)),
                (
                    "status",
                    models.SmallIntegerField(
                        choices=[
                            (0, "pending"),
                            (1, "up"),
                            (2, "degraded"),
                            (3, "down"),
                            (4, "flapping"),
                            (5, "unknown"),
                        ],
                        default=0,
                    ),
                ),
                ("failures", models.IntegerField(default=0)),
                ("successes", models.IntegerField(default=0)),
                ("first_failed_slot", models.DateTimeField(null=True)),
                ("softs", models.IntegerField(default=0)),
                ("first_soft_slot", models.DateTimeField(null=True)),
                ("status_since", models.DateTimeField()),
                ("last_slot", models.DateTimeField(null=True)),
                ("last_checked_at", models.DateTimeField(null=True)),
                ("last_good_slot", models.DateTimeField(null=True)),
                ("last_ok", models.BooleanField(null=True)),
                ("last_total_us", models.IntegerField(null=True)),
                ("last_error", models.SmallIntegerField(default=0)),
                ("last_detail", models.TextField(default="")),
            ],
            options={
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="ProbeSpec",
            fields=[
                ("monitor_no", models.BigIntegerField(primary_key=True, serialize=False)),
                ("tenant_no", models.IntegerField()),
                ("version", models.IntegerField()),
                ("spec", models.JSONField()),
            ],
            options={
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="StateChange",
            fields=[
                ("no", models.BigAutoField(primary_key=True, serialize=False)),
                ("tenant_no", models.IntegerField()),
                ("monitor_no", models.BigIntegerField()),
                ("location", models.SmallIntegerField()),
                ("at", models.DateTimeField()),
                (
                    "status",
                    models.SmallIntegerField(
                        choices=[
                            (0, "pending"),
                            (1, "up"),
                            (2, "degraded"),
                            (3, "down"),
                            (4, "flapping"),
                            (5, "unknown"),
                        ]
                    ),
                ),
            ],
            options={
                "managed": False,
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
