"""What was withdrawn so far becomes entries of the ledger, one for each purpose, and so does what was taken back."""

import hashlib
import json

from django.db import migrations

from requests_app.rules.consents import concerned
from requests_app.rules.policy_file import parse


def copy(apps, schema_editor):
    records = apps.get_model("requests_app", "ConsentRecord").objects.select_related("dsr__policy", "dsr__submission")
    entries = apps.get_model("requests_app", "ConsentEntry").objects
    for record in records.iterator():
        policy = parse(record.dsr.policy.text)
        texts = {purpose.key: purpose for purpose in concerned(record.purpose, (), policy)}
        for name in texts or {record.purpose: None}:
            purpose = texts.get(name)
            same = {
                "digest": record.email_digest,
                "purpose": name,
                "policy": record.dsr.policy,
                "text_version": purpose.text_version if purpose else "",
                "text_sha256": purpose.sha256 if purpose else "",
                "mode": purpose.consent_mode if purpose else "",
                "basis": purpose.basis if purpose else "",
                "how": "form" if record.dsr.submission.channel == "web" else "staff",
                "actor_role": "person",
                "dsr": record.dsr,
            }
            withdrawn = entries.create(
                key=_key(record, name, "withdrawn"),
                act="withdrawn",
                at=record.effective_at,
                recorded_at=record.effective_at,
                **same,
            )
            if record.reversed_at:
                entries.create(
                    key=_key(record, name, "undone"),
                    act="undone",
                    at=record.reversed_at,
                    recorded_at=record.reversed_at,
                    reverses=withdrawn,
                    **same,
                )


def _key(record, purpose, act):
    return hashlib.sha256(json.dumps(["record", record.pk, purpose, act]).encode()).hexdigest()


class Migration(migrations.Migration):
    dependencies = [("requests_app", "0035_consent_ledger")]

    operations = [migrations.RunPython(copy, migrations.RunPython.noop)]
