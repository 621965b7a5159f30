"""A receipt date is corrected by two people, and changed in no other way."""

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
        ("requests_app", "0007_set_aside"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ReceiptCorrection",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("reason_sealed", models.BinaryField()),
                ("old_received_at", models.DateTimeField()),
                ("old_received_on", models.DateField()),
                ("new_received_at", models.DateTimeField()),
                ("new_received_on", models.DateField()),
                ("proposed_at", models.DateTimeField()),
                ("approved_at", models.DateTimeField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                (
                    "approved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "submission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipt_corrections",
                        to="requests_app.submission",
                    ),
                ),
                (
                    "withdrawn_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("proposed_at",),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("approved_at__isnull", True), ("withdrawn_at__isnull", True)),
                        fields=("submission",),
                        name="receipt_one_proposal",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approved_by__isnull", True),
                            models.Q(("approved_by", models.F("proposed_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="receipt_two_people",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("approved_at__isnull", True), ("approved_by__isnull", True)),
                            models.Q(("approved_at__isnull", False), ("approved_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="receipt_approved_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approved_at__isnull", True), ("withdrawn_at__isnull", True), _connector="OR"
                        ),
                        name="receipt_one_end",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("new_received_at__lte", models.F("proposed_at"))),
                        name="receipt_in_the_past",
                    ),
                ],
            },
        ),
        migrations.RunPython(install, remove),
    ]
