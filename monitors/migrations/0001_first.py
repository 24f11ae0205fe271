import django.core.validators
import django.utils.timezone
from django.db import migrations, models

import monitors.models
import pulse.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Monitor",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=pulse.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "no",
                    models.BigIntegerField(
                        db_default=monitors.models.NextNumber(), editable=False, unique=True
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("kind", models.CharField(choices=[("http", "HTTP(S)")], default="http", max_length=16)),
                ("target", models.CharField(max_length=2048)),
                ("config", models.JSONField(blank=True, default=dict)),
                (
                    "interval_seconds",
                    models.PositiveIntegerField(
                        default=60,
                        validators=[
                            django.core.validators.MinValueValidator(5),
                            django.core.validators.MaxValueValidator(86400),
                        ],
                    ),
                ),
                (
                    "timeout_seconds",
                    models.PositiveIntegerField(
                        default=10,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(120),
                        ],
                    ),
                ),
                (
                    "down_after",
                    models.PositiveSmallIntegerField(
                        default=3,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(20),
                        ],
                    ),
                ),
                (
                    "up_after",
                    models.PositiveSmallIntegerField(
                        default=2,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(20),
                        ],
                    ),
                ),
                ("enabled", models.BooleanField(default=True)),
                ("snoozed_until", models.DateTimeField(blank=True, null=True)),
                ("snoozed_by", models.CharField(blank=True, max_length=254)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("created_by", models.CharField(blank=True, editable=False, max_length=254)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("timeout_seconds__lt", models.F("interval_seconds"))),
                        name="monitor_timeout_under_interval",
                        violation_error_message="The timeout must be shorter than the interval.",
                    )
                ],
            },
        ),
    ]
