"""Accounts that belong to one person; triggers count them as one where two people are asked for."""

import uuid

import django.db.models.deletion
from django.conf import settings
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
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("requests_app", "0011_sign_in_limits"),
    ]

    operations = [
        migrations.CreateModel(
            name="StaffIdentity",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="staff_identity",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("person", models.UUIDField(db_index=True, default=uuid.uuid4)),
            ],
            options={"verbose_name_plural": "staff identities"},
        ),
        migrations.RunPython(install, remove),
    ]
