import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import pulse.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("monitors", "0001_first"),
    ]

    operations = [
        migrations.CreateModel(
            name="Incident",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=pulse.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("monitor_no", models.BigIntegerField()),
                ("monitor_snapshot", models.JSONField()),
                ("started_at", models.DateTimeField(help_text="The first failing slot.")),
                ("opened_at", models.DateTimeField(help_text="When the failure was confirmed.")),
                ("cause", models.CharField(max_length=255)),
                ("acknowledged_at", models.DateTimeField(null=True)),
                ("acknowledged_by_id", models.UUIDField(null=True)),
                ("acknowledged_by", models.CharField(blank=True, max_length=254)),
                ("resolved_at", models.DateTimeField(null=True)),
                (
                    "resolution",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("recovered", "the monitor recovered"),
                            ("paused", "the monitor was paused"),
                            ("deleted", "the monitor was deleted"),
                        ],
                        max_length=12,
                    ),
                ),
                ("sequence", models.PositiveIntegerField(default=0)),
                (
                    "monitor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="incidents",
                        to="monitors.monitor",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="TimelineEntry",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=pulse.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("started", "Started"),
                            ("opened", "Opened"),
                            ("acknowledged", "Acknowledged"),
                            ("told", "Told"),
                            ("held back", "Held"),
                            ("not told", "Not Told"),
                            ("changed", "Changed"),
                            ("resolved", "Resolved"),
                        ],
                        max_length=12,
                    ),
                ),
                ("actor_id", models.UUIDField(null=True)),
                ("actor_name", models.CharField(blank=True, max_length=254)),
                ("text", models.CharField(max_length=500)),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="timeline",
                        to="incidents.incident",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "id"],
            },
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(fields=["monitor_no", "-id"], name="incident_of_monitor"),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.UniqueConstraint(
                condition=models.Q(("resolved_at__isnull", True)),
                fields=("monitor_no",),
                name="incident_one_open_per_monitor",
            ),
        ),
    ]
