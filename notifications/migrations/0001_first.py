import django.contrib.postgres.fields
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
            name="NotificationChannel",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=pulse.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                (
                    "kind",
                    models.CharField(choices=[("webhook", "Webhook"), ("email", "E-mail")], max_length=16),
                ),
                ("config", models.JSONField(default=dict)),
                ("sealed_secret", models.TextField(blank=True)),
                ("disabled_at", models.DateTimeField(blank=True, null=True)),
                ("disabled_reason", models.CharField(blank=True, max_length=255)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Rule",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=pulse.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("all_monitors", models.BooleanField(default=True)),
                (
                    "on",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[("down", "goes down"), ("up", "comes back up")], max_length=16
                        ),
                        size=None,
                    ),
                ),
                ("enabled", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "channels",
                    models.ManyToManyField(related_name="rules", to="notifications.notificationchannel"),
                ),
                ("monitors", models.ManyToManyField(blank=True, related_name="rules", to="monitors.monitor")),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
    ]
