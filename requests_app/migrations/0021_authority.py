"""On whose word somebody acts for another person; a trigger knows two accounts of one person there, too."""

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
        ("requests_app", "0020_look_digest"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Authority",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("agent", "an authorised agent"),
                            ("guardian", "a guardian"),
                            ("report", "a report about an account of a child under 14"),
                        ],
                        max_length=8,
                    ),
                ),
                ("scope", models.JSONField(default=list, help_text="the rights that may be exercised")),
                ("name_sealed", models.BinaryField(default=b"")),
                ("born_on_sealed", models.BinaryField(default=b"")),
                ("ends_on", models.DateField(help_text="an agent's last day", null=True)),
                ("wake_on", models.DateField(null=True)),
                (
                    "account_digest",
                    models.CharField(blank=True, db_index=True, help_text="of a reported account", max_length=80),
                ),
                ("document_name_sealed", models.BinaryField(default=b"")),
                ("document_sha256", models.CharField(blank=True, max_length=64)),
                ("destroyed_at", models.DateTimeField(null=True)),
                (
                    "package_to",
                    models.CharField(
                        choices=[("person", "the person"), ("agent", "whoever asked for them")],
                        default="person",
                        max_length=8,
                    ),
                ),
                ("asked_at", models.DateTimeField(null=True)),
                ("confirmed_at", models.DateTimeField(help_text="by the person, over the address asked", null=True)),
                ("refused_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("taken_over_at", models.DateTimeField(help_text="the person, of age now, goes on alone", null=True)),
                ("proposed_at", models.DateTimeField(null=True)),
                ("accepted_at", models.DateTimeField(null=True)),
                (
                    "accepted_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "asked",
                    models.ForeignKey(
                        help_text="who was asked last",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="requests_app.contact",
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "submission",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="authority",
                        to="requests_app.submission",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("wake_on__isnull", False)), fields=["wake_on"], name="authority_wake"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("accepted_by__isnull", True),
                            models.Q(
                                ("proposed_by__isnull", False),
                                models.Q(("accepted_by", models.F("proposed_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="authority_two_people",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("accepted_at__isnull", True), ("accepted_by__isnull", True)),
                            models.Q(("accepted_at__isnull", False), ("accepted_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="authority_accepted_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("confirmed_at__isnull", True), ("asked__isnull", False), _connector="OR"),
                        name="authority_confirmed_over",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "agent"), _negated=True), ("ends_on__isnull", False), _connector="OR"
                        ),
                        name="authority_agent_has_end",
                    ),
                ],
            },
        ),
        migrations.RunPython(install, remove),
    ]
