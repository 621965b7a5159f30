"""The address of a preference link is locked by the link itself, not sealed with the key of a case."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("requests_app", "0039_silent_source")]

    operations = [
        migrations.RenameField("preferencelink", "address_sealed", "address_locked"),
        migrations.RemoveField("preferencelink", "used"),
    ]
