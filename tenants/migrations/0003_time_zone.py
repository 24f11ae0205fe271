from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0002_retention")]

    operations = [
        migrations.AddField(
            "user",
            "time_zone",
            models.CharField(blank=True, default="", help_text="Empty: the browser's.", max_length=64),
        )
    ]
