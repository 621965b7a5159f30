"""A submission carries the length and the head of its evidence chain, so that a removed tail is found."""

from django.db import migrations, models


def fill(apps, schema_editor):
    if schema_editor.connection.alias != "default":
        return
    event_model = apps.get_model("requests_app", "EvidenceEvent")
    submission_model = apps.get_model("requests_app", "Submission")
    for pk in submission_model.objects.values_list("pk", flat=True).iterator():
        last = event_model.objects.filter(submission_id=pk).order_by("-seq").first()
        if last is not None:
            submission_model.objects.filter(pk=pk).update(evidence_length=last.seq + 1, evidence_head=last.leaf_hash)


class Migration(migrations.Migration):
    dependencies = [("requests_app", "0002_append_only")]

    operations = [
        migrations.AddField(
            model_name="submission",
            name="evidence_length",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="submission",
            name="evidence_head",
            field=models.CharField(default="", editable=False, max_length=64),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
