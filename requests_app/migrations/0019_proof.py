"""What staff asked a person to show, and the sealed document that came; triggers keep four eyes those of two people."""

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
        ("requests_app", "0018_erasure"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ProofRequest",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("opened_at", models.DateTimeField(help_text="the clock it belongs to, as in the request")),
                ("reason_sealed", models.BinaryField()),
                ("asked_at", models.DateTimeField()),
                (
                    "end",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "not settled"),
                            ("confirmed", "settled by a document"),
                            ("withdrawn", "withdrawn by staff"),
                            ("replaced", "asked again"),
                        ],
                        max_length=12,
                    ),
                ),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "shown_on",
                    models.DateField(help_text="the controller's day on which the confirmed document came", null=True),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "dsr",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="proof_requests",
                        to="requests_app.datasubjectrequest",
                    ),
                ),
            ],
            options={
                "ordering": ("asked_at",),
            },
        ),
        migrations.CreateModel(
            name="ProofDocument",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=4)),
                ("pages", models.PositiveSmallIntegerField()),
                ("nearly_blank", models.BooleanField(default=False)),
                ("commitment", models.CharField(db_index=True, max_length=80)),
                ("submitted_at", models.DateTimeField()),
                (
                    "result",
                    models.CharField(
                        blank=True,
                        choices=[("", "not reviewed"), ("accepted", "accepted"), ("rejected", "not accepted")],
                        max_length=8,
                    ),
                ),
                ("reviewed_at", models.DateTimeField(null=True)),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("destroy_at", models.DateTimeField(help_text="when it is destroyed at the latest")),
                ("destroyed_at", models.DateTimeField(null=True)),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "explained",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="requests_app.message",
                    ),
                ),
                (
                    "reviewed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "submission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="proof_documents",
                        to="requests_app.submission",
                    ),
                ),
                (
                    "proof",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="documents",
                        to="requests_app.proofrequest",
                    ),
                ),
            ],
            options={
                "ordering": ("submitted_at",),
            },
        ),
        migrations.AddConstraint(
            model_name="proofrequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("end", "")), fields=("dsr",), name="proof_one_doubt"
            ),
        ),
        migrations.AddConstraint(
            model_name="proofrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("end", ""), ("ended_at", None)),
                    models.Q(models.Q(("end", ""), _negated=True), ("ended_at__isnull", False)),
                    _connector="OR",
                ),
                name="proof_end_has_its_time",
            ),
        ),
        migrations.AddIndex(
            model_name="proofdocument",
            index=models.Index(
                condition=models.Q(("destroyed_at", None)), fields=["destroy_at"], name="document_to_destroy"
            ),
        ),
        migrations.AddConstraint(
            model_name="proofdocument",
            constraint=models.CheckConstraint(
                condition=models.Q(("result__in", ("", "accepted", "rejected"))), name="document_result_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="proofdocument",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("result", ""), ("reviewed_at", None), ("reviewed_by", None)),
                    models.Q(
                        models.Q(("result", ""), _negated=True),
                        ("reviewed_at__isnull", False),
                        ("reviewed_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="document_reviewed_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="proofdocument",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("confirmed_at", None), ("confirmed_by", None)),
                    models.Q(("confirmed_at__isnull", False), ("confirmed_by__isnull", False), ("result", "accepted")),
                    _connector="OR",
                ),
                name="document_accepted_before_confirmed",
            ),
        ),
        migrations.AddConstraint(
            model_name="proofdocument",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("confirmed_by", None),
                    models.Q(("confirmed_by", models.F("reviewed_by")), _negated=True),
                    _connector="OR",
                ),
                name="document_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="proofdocument",
            constraint=models.CheckConstraint(
                condition=models.Q(("destroyed_at", None), ("pages", 0), _connector="OR"),
                name="document_destroyed_keeps_no_page",
            ),
        ),
        migrations.RunPython(install, remove),
    ]
