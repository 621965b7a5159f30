"""The second confirmation of an erasure, and triggers: without it none is carried out, and a request keeps its right."""

import django.db.models.deletion
from django.db import migrations, models

from requests_app.operations import triggers


def install(apps, schema_editor):
    if schema_editor.connection.alias == "default":
        triggers.install(schema_editor.connection)


def remove(apps, schema_editor):
    if schema_editor.connection.alias == "default":
        triggers.remove_guards(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [
        ("requests_app", "0017_provider_sign_in"),
    ]

    operations = [
        migrations.AlterField(
            model_name="identitycheck",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("verify", "Verify"),
                    ("fresh", "Fresh"),
                    ("find", "Find"),
                    ("on_file", "On File"),
                    ("former", "Former"),
                    ("subject", "Subject"),
                    ("stop", "Stop"),
                    ("erase", "Erase"),
                    ("change", "Change"),
                ],
                max_length=8,
            ),
        ),
        migrations.CreateModel(
            name="ErasureConfirmation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("opened_at", models.DateTimeField(help_text="the running clock it belongs to")),
                ("confirmed_at", models.DateTimeField()),
                ("cooling_off_until", models.DateField(help_text="the last local day on which a link can stop it")),
                (
                    "dsr",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="erasure_confirmations",
                        to="requests_app.datasubjectrequest",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("dsr", "opened_at"), name="erasure_confirmed_once"),
                    models.CheckConstraint(
                        condition=models.Q(("confirmed_at__gte", models.F("opened_at"))),
                        name="erasure_confirmed_after_filing",
                    ),
                ],
            },
        ),
        migrations.RunPython(install, remove),
    ]
