from django.db import migrations, models

from notifications.ledger.telling import BACKWARD, FORWARD


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_local_mail")]

    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.CreateModel(
            name="Escalation",
            fields=[
                ("no", models.BigAutoField(primary_key=True, serialize=False)),
                ("tenant_no", models.IntegerField()),
                ("incident_id", models.UUIDField()),
                ("fact_no", models.BigIntegerField()),
                ("policy_id", models.UUIDField()),
                ("policy_name", models.TextField()),
                ("rule_id", models.UUIDField(null=True)),
                ("reason", models.TextField(default="")),
                ("payload", models.JSONField()),
                (
                    "state",
                    models.TextField(help_text="running, paused, acknowledged, over, exhausted or cancelled"),
                ),
                ("step", models.IntegerField(default=0)),
                ("cycle", models.IntegerField(default=0)),
                (
                    "run",
                    models.IntegerField(
                        default=0, help_text="Which run of its policy this is: who is first in turn."
                    ),
                ),
                ("due_at", models.DateTimeField(null=True)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={"managed": False},
        ),
    ]
