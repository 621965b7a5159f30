"""An identity is verified by hand by two people only; triggers keep each proposal as it was made."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

from requests_app.operations import triggers


def install(apps, schema_editor):
    if schema_editor.connection.alias == "default":
        triggers.install(schema_editor.connection)


def remove(apps, schema_editor):
    if schema_editor.connection.alias == "default":
        triggers.remove_guards(schema_editor.connection)


def account(null=False):
    return models.ForeignKey(
        null=null, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
    )


class Migration(migrations.Migration):
    dependencies = [
        ("requests_app", "0013_contact"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ManualVerification",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("reason_sealed", models.BinaryField()),
                ("proposed_at", models.DateTimeField()),
                ("approved_at", models.DateTimeField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("approved_by", account(null=True)),
                ("proposed_by", account()),
                (
                    "submission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="manual_verifications",
                        to="requests_app.submission",
                    ),
                ),
                ("withdrawn_by", account(null=True)),
            ],
            options={
                "ordering": ("proposed_at",),
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(("approved_at__isnull", True), ("withdrawn_at__isnull", True)),
                        fields=("submission",),
                        name="manual_one_proposal",
                    ),
                    models.CheckConstraint(
                        condition=Q(
                            ("approved_by__isnull", True),
                            Q(("approved_by", F("proposed_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="manual_two_people",
                    ),
                    models.CheckConstraint(
                        condition=Q(
                            Q(("approved_at__isnull", True), ("approved_by__isnull", True)),
                            Q(("approved_at__isnull", False), ("approved_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="manual_approved_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=Q(("approved_at__isnull", True), ("withdrawn_at__isnull", True), _connector="OR"),
                        name="manual_one_end",
                    ),
                ],
            },
        ),
        migrations.RunPython(install, remove),
    ]
