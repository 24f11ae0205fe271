from django.db import migrations, models

from notifications.ledger.schema import BACKWARD, FORWARD


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Attempt",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "delivery_no",
                        "number",
                        "started_at",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("delivery_no", models.BigIntegerField()),
                ("number", models.IntegerField()),
                ("started_at", models.DateTimeField()),
                ("tenant_no", models.IntegerField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("outcome", models.TextField(help_text="sent, failed, refused or unknown")),
                ("status_code", models.IntegerField(null=True)),
                ("answer", models.TextField(default="")),
            ],
            options={
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("no", models.BigAutoField(primary_key=True, serialize=False)),
                ("id", models.UUIDField(unique=True)),
                ("tenant_no", models.IntegerField()),
                ("fact_no", models.BigIntegerField()),
                ("event", models.TextField(help_text="incident.opened, incident.resolved or channel.test")),
                ("incident_id", models.UUIDField(null=True)),
                ("monitor_no", models.BigIntegerField(null=True)),
                ("channel_id", models.UUIDField()),
                ("channel_name", models.TextField()),
                ("transport", models.TextField()),
                ("recipient", models.TextField()),
                (
                    "destination",
                    models.TextField(
                        help_text="What deliveries share a concurrency limit by: host or mail domain."
                    ),
                ),
                ("payload", models.JSONField()),
                ("wants_recovery", models.BooleanField(default=False)),
                (
                    "follows_no",
                    models.BigIntegerField(help_text="Goes only after this delivery was sent.", null=True),
                ),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("pending", "Pending"),
                            ("sending", "Sending"),
                            ("sent", "Sent"),
                            ("retrying", "Retrying"),
                            ("dead", "Dead"),
                            ("cancelled", "Cancelled"),
                        ]
                    ),
                ),
                ("attempts", models.IntegerField(default=0)),
                (
                    "repeats",
                    models.IntegerField(default=0, help_text="Attempts made after an unknown outcome."),
                ),
                ("retry_at", models.DateTimeField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("fencing_token", models.BigIntegerField(default=0)),
                ("fact_at", models.DateTimeField(help_text="When the transition was committed.")),
                ("created_at", models.DateTimeField()),
                ("first_tried_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("last_answer", models.TextField(default="")),
            ],
            options={
                "managed": False,
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
