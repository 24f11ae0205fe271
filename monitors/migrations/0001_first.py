import django.contrib.postgres.fields
import django.contrib.postgres.indexes
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
                ("kind", models.CharField(default="http", max_length=16)),
                ("target", models.CharField(blank=True, max_length=2048)),
                ("config", models.JSONField(blank=True, default=dict)),
                ("sealed_secrets", models.TextField(blank=True, editable=False)),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), blank=True, default=list, size=None
                    ),
                ),
                ("owner_id", models.UUIDField(blank=True, null=True)),
                ("owner_name", models.CharField(blank=True, max_length=254)),
                ("notes", models.TextField(blank=True, max_length=10000)),
                ("runbook_url", models.CharField(blank=True, max_length=2048)),
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
                    "retry_seconds",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(5),
                            django.core.validators.MaxValueValidator(86400),
                        ],
                    ),
                ),
                (
                    "locations",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), blank=True, default=list, size=None
                    ),
                ),
                (
                    "quorum",
                    models.PositiveSmallIntegerField(
                        default=1,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(20),
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
                (
                    "degraded_after",
                    models.PositiveSmallIntegerField(
                        default=3,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(20),
                        ],
                    ),
                ),
                ("upside_down", models.BooleanField(default=False)),
                ("enabled", models.BooleanField(default=True)),
                ("snoozed_until", models.DateTimeField(blank=True, null=True)),
                ("snoozed_by", models.CharField(blank=True, max_length=254)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("created_by", models.CharField(blank=True, editable=False, max_length=254)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("members", models.ManyToManyField(blank=True, related_name="groups", to="monitors.monitor")),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [django.contrib.postgres.indexes.GinIndex(fields=["tags"], name="monitor_tags")],
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
