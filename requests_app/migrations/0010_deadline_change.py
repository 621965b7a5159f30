"""What moves a date by a reasoned act: an extension, pauses."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("requests_app", "0009_not_reached"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Extension",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("opened_at", models.DateTimeField(help_text="the clock it belongs to, as in the request")),
                ("reason_sealed", models.BinaryField()),
                ("due_before", models.DateField()),
                ("due_after", models.DateField()),
                ("extended_on", models.DateField(help_text="the controller's day on which the person was told")),
                ("extended_at", models.DateTimeField()),
                (
                    "dsr",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="extensions",
                        to="requests_app.datasubjectrequest",
                    ),
                ),
                (
                    "extended_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("dsr", "opened_at"), name="extension_once"),
                    models.CheckConstraint(
                        condition=models.Q(("due_after__gt", models.F("due_before"))), name="extension_is_later"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("extended_on__lte", models.F("due_before"))), name="extension_told_in_time"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Pause",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("opened_at", models.DateTimeField(help_text="the clock it belongs to, as in the request")),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("clarification", "the person has to say what they mean"),
                            ("identity", "the person has to show who they are"),
                        ],
                        max_length=16,
                    ),
                ),
                ("reason_sealed", models.BinaryField()),
                ("first_on", models.DateField()),
                ("planned_last_on", models.DateField()),
                ("last_on", models.DateField(null=True)),
                ("paused_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "dsr",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pauses",
                        to="requests_app.datasubjectrequest",
                    ),
                ),
                (
                    "paused_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ("first_on",),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("last_on", None)), fields=("dsr", "opened_at"), name="pause_one_open"
                    ),
                    models.UniqueConstraint(fields=("dsr", "opened_at", "first_on"), name="pause_one_a_day"),
                    models.CheckConstraint(
                        condition=models.Q(("reason__in", ("clarification", "identity"))), name="pause_reason_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("planned_last_on__gte", models.F("first_on"))), name="pause_planned_forward"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at", None), ("last_on", None)),
                            models.Q(
                                ("ended_at__isnull", False),
                                ("last_on__gte", models.F("first_on")),
                                ("last_on__isnull", False),
                                ("last_on__lte", models.F("planned_last_on")),
                            ),
                            _connector="OR",
                        ),
                        name="pause_ends_within_its_plan",
                    ),
                ],
            },
        ),
    ]
