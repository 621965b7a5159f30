"""One data source's share of one request: asked by lease, resumable, and what it handed out, sealed."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from .answer import AnswerFile
from .keys import unseal
from .request import DataSubjectRequest


class FulfilmentStep(models.Model):
    """Due while `next_try_at` is set. What it read lies in one sealed stream under its id: lines of JSON, table after
    table, as `parts` says. `opened_at` tells the clocks of a reopened request apart."""

    class Status(models.TextChoices):
        """What came of it."""

        WAITING = "waiting", "not asked yet"
        PENDING = "pending", "asked, the answer comes by itself"
        FOUND = "found", "found"
        NOTHING = "nothing", "nothing found"
        WITHHELD = "withheld", "found, and withheld"
        FAILED = "failed", "cannot be asked"
        SEVERAL = "several", "several people found"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dsr = models.ForeignKey(DataSubjectRequest, models.PROTECT, related_name="steps")
    alias = models.CharField(max_length=40, help_text="the data source")
    opened_at = models.DateTimeField(help_text="the clock it belongs to, as in the request")
    status = models.CharField(max_length=8, choices=Status, default=Status.WAITING)
    owed_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    next_try_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    alarm_at = models.DateTimeField(null=True, help_text="when staff are told that its answer has not come")
    failure_code = models.CharField(max_length=80, blank=True, help_text="class of the last error")
    parts = models.JSONField(default=list, help_text="per table: name, first byte, byte after the last, records")
    records = models.PositiveBigIntegerField(default=0)
    size = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    withheld_sealed = models.BinaryField(default=b"", help_text="why staff withhold it, for the person")
    withheld_ground = models.CharField(max_length=48, blank=True)
    check_at = models.DateTimeField(null=True, help_text="when the check for other people goes on")
    checked_to = models.PositiveBigIntegerField(
        default=0, db_default=0, help_text="how far it came, in bytes of the stream"
    )
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True)
    destroyed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("alias", "opened_at")
        indexes = (
            models.Index(fields=("next_try_at",), name="step_due", condition=Q(next_try_at__isnull=False)),
            models.Index(fields=("alarm_at",), name="step_alarm", condition=Q(alarm_at__isnull=False)),
            models.Index(fields=("check_at",), name="step_check", condition=Q(check_at__isnull=False)),
        )
        constraints = (
            models.UniqueConstraint(fields=("dsr", "alias", "opened_at"), name="step_once"),
            models.CheckConstraint(
                condition=~Q(status="waiting") | Q(next_try_at__isnull=False), name="step_waiting_is_due"
            ),
            models.CheckConstraint(condition=~Q(status="withheld") | ~Q(withheld_ground=""), name="step_has_ground"),
            models.CheckConstraint(condition=~Q(status="found") | ~Q(sha256=""), name="step_found_has_digest"),
        )

    def __str__(self) -> str:
        return f"{self.alias}: {self.status}"

    @property
    def withheld_why(self) -> str:
        """Why nothing of this source is handed out, as the person reads it."""
        return unseal(self.dsr.submission_id, f"fulfilmentstep.withheld.{self.pk}", self.withheld_sealed)


class StepFile(models.Model):
    """A file that a source handed out, in a sealed stream under its id; its name is data, sealed too."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    step = models.ForeignKey(FulfilmentStep, models.PROTECT, related_name="files")
    name_sealed = models.BinaryField()
    media_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    received_at = models.DateTimeField()
    hidden_ground = models.CharField(max_length=48, blank=True, help_text="of the catalogue; then it is not handed out")
    destroyed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("received_at", "pk")

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def name(self) -> str:
        """The file's name as the source gave it."""
        return unseal(self.step.dsr.submission_id, f"stepfile.name.{self.pk}", self.name_sealed)


class Redaction(models.Model):
    """What staff hide before release, with its ground: a whole record, one field of it, or a passage of that field.

    `position` is the first byte of the record in the stream of its step, which never changes once it is found.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    step = models.ForeignKey(FulfilmentStep, models.PROTECT, related_name="redactions")
    table = models.CharField(max_length=200)
    position = models.PositiveBigIntegerField()
    column = models.CharField(max_length=200, blank=True, help_text="empty: the whole record")
    passage_sealed = models.BinaryField(default=b"", help_text="empty: the whole field")
    ground = models.CharField(max_length=48)
    hidden_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    hidden_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("position", "hidden_at")
        constraints = (models.CheckConstraint(condition=~Q(ground=""), name="redaction_has_ground"),)

    def __str__(self) -> str:
        return f"{self.table} at {self.position}"

    @property
    def passage(self) -> str:
        """The words that are hidden, wherever they stand in the field."""
        return unseal(self.step.dsr.submission_id, f"redaction.passage.{self.pk}", self.passage_sealed)


class Mark(models.Model):
    """A place that seems to tell of somebody else, to be looked at before a source is reviewed: a record, or a file,
    which nothing reads but people. What stands there is not kept here; reading the place again tells it."""

    step = models.ForeignKey(FulfilmentStep, models.CASCADE, related_name="marks")
    position = models.PositiveBigIntegerField(null=True, help_text="first byte of the record in the stream")
    file = models.ForeignKey(StepFile, models.CASCADE, null=True, related_name="marks")
    kinds = models.JSONField(default=list, help_text="what was found, in the words of rules.others")
    seen_by = models.JSONField(default=list, help_text="ids of the accounts that opened it")
    hidden = models.BooleanField(default=False, help_text="all that was found there is hidden")

    class Meta:
        ordering = ("position", "pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(position=None, file__isnull=False) | Q(position__isnull=False, file=None),
                name="mark_is_of_one_place",
            ),
            models.UniqueConstraint(fields=("step", "position"), name="mark_once"),
            models.UniqueConstraint(fields=("file",), name="mark_once_of_a_file"),
        )

    def __str__(self) -> str:
        return f"{self.step_id} at {self.position if self.file_id is None else self.file_id}"


class PackageBuild(models.Model):
    """The package of one request as it is being made: due while `next_try_at` is set, made anew whenever what it is
    made of changed. Released it is by the decision that approves its file."""

    dsr = models.OneToOneField(DataSubjectRequest, models.PROTECT, primary_key=True, related_name="build")
    next_try_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    failure_code = models.CharField(max_length=80, blank=True, help_text="class of the last error")
    inputs = models.CharField(max_length=64, blank=True, help_text="digest of all that the file was made of")
    file = models.ForeignKey(AnswerFile, models.PROTECT, null=True, related_name="+")
    built_at = models.DateTimeField(null=True)
    lacks = models.JSONField(default=list, help_text="what the law asks of an answer and the file does not say")

    class Meta:
        indexes = (models.Index(fields=("next_try_at",), name="build_due", condition=Q(next_try_at__isnull=False)),)
        constraints = (
            models.CheckConstraint(
                condition=Q(file=None, built_at=None) | Q(file__isnull=False, built_at__isnull=False),
                name="build_file_has_its_time",
            ),
        )

    def __str__(self) -> str:
        return f"package of {self.dsr_id}"
