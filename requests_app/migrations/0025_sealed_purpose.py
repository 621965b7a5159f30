"""What a look was for is sealed like every other sentence. Of a case whose key is destroyed it goes."""

from django.db import migrations, models

from requests_app.models.keys import KeyDestroyed, seal, unseal


def seal_all(apps, schema_editor):
    if schema_editor.connection.alias != "default":
        return
    for look in apps.get_model("requests_app", "AccessLog").objects.exclude(purpose="").iterator():
        try:
            look.purpose_sealed = seal(look.submission_id, f"accesslog.purpose.{look.pk}", look.purpose)
        except KeyDestroyed:
            continue
        look.save(update_fields=["purpose_sealed"])


def open_all(apps, schema_editor):
    if schema_editor.connection.alias != "default":
        return
    for look in apps.get_model("requests_app", "AccessLog").objects.exclude(purpose_sealed=b"").iterator():
        try:
            look.purpose = unseal(look.submission_id, f"accesslog.purpose.{look.pk}", look.purpose_sealed)[:200]
        except KeyDestroyed:
            continue
        look.save(update_fields=["purpose"])


class Migration(migrations.Migration):
    dependencies = [
        ("requests_app", "0024_sensitive_since"),
    ]

    operations = [
        migrations.AddField("accesslog", "purpose_sealed", models.BinaryField(default=b"")),
        migrations.RunPython(seal_all, open_all),
        migrations.RemoveField("accesslog", "purpose"),
    ]
