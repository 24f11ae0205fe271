from django.db import migrations, models

from pulse.outbox.schema import BACKWARD, FORWARD


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Fact",
            fields=[
                ("no", models.BigAutoField(primary_key=True, serialize=False)),
                ("tenant_no", models.IntegerField()),
                ("kind", models.TextField()),
                ("subject", models.UUIDField()),
                ("sequence", models.IntegerField()),
                ("payload", models.JSONField()),
                ("created_at", models.DateTimeField()),
                ("hold_until", models.DateTimeField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("attempts", models.IntegerField(default=0)),
                ("routed_at", models.DateTimeField(null=True)),
                ("outcome", models.TextField(default="")),
            ],
            options={
                "managed": False,
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
