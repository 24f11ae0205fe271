from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("monitors", "0001_first")]

    operations = []
