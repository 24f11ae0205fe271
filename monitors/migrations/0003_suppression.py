import django.contrib.postgres.fields
import django.utils.timezone
from django.db import migrations, models

import pulse.ids


class Migration(migrations.Migration):
    dependencies = [("monitors", "0002_policy")]

    operations = [
        migrations.AddField(
            model_name="monitor",
            name="depends_on",
            field=models.ManyToManyField(blank=True, related_name="dependents", to="monitors.monitor"),
        ),
        migrations.CreateModel(
            name="MaintenanceWindow",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=pulse.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("notes", models.TextField(blank=True, max_length=2000)),
                ("zone", models.CharField(max_length=64)),
                ("start_date", models.DateField()),
                ("start_time", models.TimeField()),
                ("duration_seconds", models.PositiveIntegerField()),
                ("rule", models.CharField(blank=True, max_length=500)),
                ("everything", models.BooleanField(default=False)),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), blank=True, default=list, size=None
                    ),
                ),
                ("paused_at", models.DateTimeField(blank=True, null=True)),
                ("paused_by", models.CharField(blank=True, max_length=254)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("created_by", models.CharField(blank=True, editable=False, max_length=254)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "monitors",
                    models.ManyToManyField(blank=True, related_name="windows", to="monitors.monitor"),
                ),
            ],
            options={"ordering": ["-id"]},
        ),
    ]
