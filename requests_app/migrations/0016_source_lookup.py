"""Data sources that are to be asked about a case, and what came of it."""

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("requests_app", "0015_network_count"),
    ]

    operations = [
        migrations.CreateModel(
            name="SourceLookup",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("alias", models.CharField(help_text="the data source", max_length=40)),
                (
                    "email_digest",
                    models.CharField(help_text="of the typed address that it was asked about", max_length=80),
                ),
                (
                    "result",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("nobody", "nobody found"),
                            ("same", "found under the address that was typed"),
                            ("other", "found under another address"),
                            ("unproven", "found, and no address on file vouches"),
                            ("failed", "cannot be asked"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("result_at", models.DateTimeField(help_text="since when the result is what it is")),
                ("asked_at", models.DateTimeField(null=True)),
                ("next_try_at", models.DateTimeField(null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("failure_code", models.CharField(blank=True, help_text="class of the last error", max_length=80)),
                (
                    "submission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lookups",
                        to="requests_app.submission",
                    ),
                ),
            ],
            options={
                "ordering": ("alias",),
                "indexes": [
                    models.Index(
                        condition=models.Q(("next_try_at__isnull", False)), fields=["next_try_at"], name="lookup_due"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("submission", "alias"), name="lookup_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("result", "waiting"), _negated=True),
                            ("next_try_at__isnull", False),
                            _connector="OR",
                        ),
                        name="lookup_waiting_is_due",
                    ),
                ],
            },
        ),
    ]
