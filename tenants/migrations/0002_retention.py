from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_first")]

    operations = [
        migrations.AddField(
            model_name="organisation",
            name="results_kept_days",
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
    ]
