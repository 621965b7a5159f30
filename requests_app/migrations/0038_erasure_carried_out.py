"""What data sources are told and what became of it; a request that is answered and goes on until it is proved.

The table of requests is rebuilt on SQLite, so the triggers step aside and stand again at the end.
"""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import requests_app.rules.lifecycle
from requests_app.operations import triggers


def install(apps, schema_editor):
    if schema_editor.connection.alias == "default":
        triggers.install(schema_editor.connection)


def remove(apps, schema_editor):
    if schema_editor.connection.alias == "default":
        triggers.remove_guards(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [
        ("requests_app", "0037_consents_append_only"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(remove, install),
        migrations.CreateModel(
            name="ErasureCertificate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                ("issued_at", models.DateTimeField()),
                ("body", models.TextField()),
                ("sha256", models.CharField(max_length=64)),
                ("ed25519", models.CharField(max_length=128)),
                ("revoked_at", models.DateTimeField(help_text="a source was found to hold data after all", null=True)),
            ],
            options={
                "ordering": ("number",),
            },
        ),
        migrations.CreateModel(
            name="ErasureItem",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("opened_at", models.DateTimeField(help_text="the clock it belongs to, as in the request")),
                ("alias", models.CharField(help_text="the data source", max_length=40)),
                ("table", models.CharField(blank=True, max_length=200)),
                ("label", models.JSONField(default=dict, help_text="of the table, in each language; configuration")),
                ("category", models.JSONField(default=dict, help_text="the same of what it holds")),
                (
                    "records",
                    models.PositiveBigIntegerField(help_text="before; of a source without tables nobody knows"),
                ),
                (
                    "proposed",
                    models.CharField(
                        choices=[
                            ("erase", "erase"),
                            ("anonymise", "anonymise"),
                            ("keep", "keep on a ground until a date"),
                            ("isolate", "isolated until it can be erased"),
                        ],
                        max_length=9,
                    ),
                ),
                ("proposed_why", models.JSONField(default=dict, help_text="of the data map, in each language")),
                ("proposed_until", models.DateField(null=True)),
                (
                    "way",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("erase", "erase"),
                            ("anonymise", "anonymise"),
                            ("keep", "keep on a ground until a date"),
                            ("isolate", "isolated until it can be erased"),
                        ],
                        help_text="as decided",
                        max_length=9,
                    ),
                ),
                ("ground", models.CharField(blank=True, help_text="of the catalogue, where it is kept", max_length=48)),
                ("until_on", models.DateField(help_text="the last day on which it is kept, or isolated", null=True)),
                ("told_sealed", models.BinaryField(default=b"", help_text="basis, use, method and note, in words")),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "shown_way",
                    models.CharField(
                        blank=True, help_text="what the person was shown when they confirmed", max_length=9
                    ),
                ),
                ("written_at", models.DateTimeField(null=True)),
                ("done_at", models.DateTimeField(null=True)),
                ("done", models.PositiveBigIntegerField(default=0, help_text="records erased or anonymised")),
                (
                    "left",
                    models.PositiveBigIntegerField(
                        default=0, help_text="records still readable when it was asked last"
                    ),
                ),
            ],
            options={
                "ordering": ("alias", "table"),
            },
        ),
        migrations.CreateModel(
            name="SourceAct",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("alias", models.CharField(help_text="the data source", max_length=40)),
                (
                    "act",
                    models.CharField(
                        choices=[
                            ("plan", "what an erasure would reach"),
                            ("erase", "erase"),
                            ("verify", "what is left"),
                            ("withdraw", "consent withdrawn, or given again"),
                            ("rectify", "put right"),
                            ("restrict", "use for nothing but storage"),
                            ("lift", "lift the restriction"),
                        ],
                        max_length=8,
                    ),
                ),
                ("occasion", models.CharField(blank=True, max_length=24)),
                ("opened_at", models.DateTimeField(help_text="the clock it belongs to, as in the request")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "not told yet"),
                            ("pending", "told, the answer comes by itself"),
                            ("by_hand", "people have to"),
                            ("done", "done"),
                            ("contradicted", "says done, and still holds data"),
                            ("failed", "cannot be told"),
                        ],
                        default="waiting",
                        max_length=12,
                    ),
                ),
                ("owed_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(help_text="not before")),
                ("finished_at", models.DateTimeField(null=True)),
                ("next_try_at", models.DateTimeField(null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("failure_code", models.CharField(blank=True, help_text="class of the last error", max_length=80)),
                ("answer", models.JSONField(default=dict, help_text="counts by table, and no value of anybody")),
                (
                    "references_sealed",
                    models.BinaryField(default=b"", help_text="whom the source meant when it was first asked"),
                ),
            ],
            options={
                "ordering": ("alias", "due_at"),
            },
        ),
        migrations.RemoveConstraint(
            model_name="datasubjectrequest",
            name="dsr_state_known",
        ),
        migrations.RemoveConstraint(
            model_name="datasubjectrequest",
            name="dsr_refusal_two_people",
        ),
        migrations.AlterField(
            model_name="datasubjectrequest",
            name="state",
            field=models.CharField(
                choices=[
                    ("received", "received"),
                    ("awaiting_verification", "awaiting verification"),
                    ("in_progress", "in progress"),
                    ("awaiting_approval", "awaiting approval"),
                    ("executing", "executing"),
                    ("fulfilled", "fulfilled"),
                    ("partly_fulfilled", "partly fulfilled"),
                    ("refused", "refused"),
                    ("cancelled", "cancelled"),
                    ("lapsed", "lapsed"),
                ],
                max_length=24,
            ),
        ),
        migrations.AddConstraint(
            model_name="datasubjectrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            requests_app.rules.lifecycle.State["AWAITING_APPROVAL"],
                            requests_app.rules.lifecycle.State["AWAITING_VERIFICATION"],
                            requests_app.rules.lifecycle.State["CANCELLED"],
                            requests_app.rules.lifecycle.State["EXECUTING"],
                            requests_app.rules.lifecycle.State["FULFILLED"],
                            requests_app.rules.lifecycle.State["IN_PROGRESS"],
                            requests_app.rules.lifecycle.State["LAPSED"],
                            requests_app.rules.lifecycle.State["PARTLY_FULFILLED"],
                            requests_app.rules.lifecycle.State["RECEIVED"],
                            requests_app.rules.lifecycle.State["REFUSED"],
                        ],
                    )
                ),
                name="dsr_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="datasubjectrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["executing", "partly_fulfilled", "refused"]), _negated=True),
                    models.Q(
                        ("decided_by__isnull", False),
                        ("approved_by__isnull", False),
                        models.Q(("decided_by", models.F("approved_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="dsr_refusal_two_people",
            ),
        ),
        migrations.AddField(
            model_name="erasurecertificate",
            name="dsr",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="certificates",
                to="requests_app.datasubjectrequest",
            ),
        ),
        migrations.AddField(
            model_name="erasureitem",
            name="decided_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="erasureitem",
            name="dsr",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="erasure_items",
                to="requests_app.datasubjectrequest",
            ),
        ),
        migrations.AddField(
            model_name="sourceact",
            name="attested_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="sourceact",
            name="dsr",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="source_acts",
                to="requests_app.datasubjectrequest",
            ),
        ),
        migrations.DeleteModel(
            name="Requery",
        ),
        migrations.AddConstraint(
            model_name="erasurecertificate",
            constraint=models.UniqueConstraint(fields=("dsr", "number"), name="certificate_number_once"),
        ),
        migrations.AddConstraint(
            model_name="erasureitem",
            constraint=models.UniqueConstraint(fields=("dsr", "alias", "table", "opened_at"), name="item_once"),
        ),
        migrations.AddConstraint(
            model_name="erasureitem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("way", "keep"), _negated=True),
                    models.Q(models.Q(("ground", ""), _negated=True), ("until_on__isnull", False)),
                    _connector="OR",
                ),
                name="item_kept_with_ground",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasureitem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("way", "isolate"), _negated=True), ("until_on__isnull", False), _connector="OR"
                ),
                name="item_isolated_until",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasureitem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at", None), ("way", "")),
                    models.Q(models.Q(("way", ""), _negated=True), ("decided_at__isnull", False)),
                    _connector="OR",
                ),
                name="item_decided_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasureitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("done_at", None), ("written_at__isnull", False), _connector="OR"),
                name="item_written_before_done",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasureitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("written_at", None), ("way__in", ("erase", "anonymise")), _connector="OR"),
                name="item_written_goes",
            ),
        ),
        migrations.AddIndex(
            model_name="sourceact",
            index=models.Index(
                condition=models.Q(("next_try_at__isnull", False)), fields=["next_try_at"], name="act_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="sourceact",
            constraint=models.UniqueConstraint(
                fields=("dsr", "alias", "act", "occasion", "opened_at"), name="act_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="sourceact",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "waiting"), _negated=True), ("next_try_at__isnull", False), _connector="OR"
                ),
                name="act_waiting_is_due",
            ),
        ),
        migrations.RunPython(install, remove),
    ]
