"""One partial index for all mail of which nobody knows that it arrived: failed, or in doubt."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("requests_app", "0008_receipt_correction")]

    operations = [
        migrations.RemoveIndex(model_name="notice", name="notice_failed"),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("delivery__in", ("ambiguous", "failed"))), fields=["created_at"], name="notice_lost"
            ),
        ),
    ]
