"""What a department was asked, by whom it can be answered, and what became of it."""

import json
import uuid
from dataclasses import dataclass

from django.db import models
from django.db.models import Q

from requests_app.rules.policy import Text

from .fulfilment import FulfilmentStep
from .keys import unseal
from .request import DataSubjectRequest
from .source_act import SourceAct


@dataclass(frozen=True, slots=True)
class AboutWhom:
    """The person, as far as a department needs it: `details` only where the source was configured so, `to_do` only
    where something is to be done and not only told."""

    name: str
    addresses: tuple[str, ...]
    details: str = ""
    to_do: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """What a department said that it did, or why it could not, and which of its people says so. `word`: see `doing`."""

    word: str
    statement: str
    by: str


class SourceTask(models.Model):
    """One for each step of a department, and for each act. Asked again it is the same task under the next issue, whose
    links are new.

    `asks` is configuration and names nobody: {"question": {en, it}, "holds": [{en, it}]}.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    step = models.OneToOneField(FulfilmentStep, models.PROTECT, null=True, related_name="task")
    act = models.OneToOneField(SourceAct, models.PROTECT, null=True, related_name="task")
    issue = models.PositiveIntegerField(default=1)
    department = models.CharField(max_length=80)
    asks = models.JSONField(default=dict)
    language = models.CharField(max_length=5, help_text="of its mails")
    about_sealed = models.BinaryField()
    said_sealed = models.BinaryField(default=b"", help_text="what it did, or why it could not, and who")
    given_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="from when it is late")
    next_at = models.DateTimeField(null=True, help_text="when somebody is reminded or told")
    half_at = models.DateTimeField(null=True, help_text="when the first reminder was owed, or overtaken")
    last_at = models.DateTimeField(null=True, help_text="the same of the last one")
    over_at = models.DateTimeField(null=True, help_text="when others were told that it is late")
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=80, blank=True, help_text="digest of the address whose link it was")

    class Meta:
        indexes = (models.Index(fields=("next_at",), name="task_due", condition=Q(next_at__isnull=False)),)
        constraints = (
            models.CheckConstraint(
                condition=Q(answered_at=None, answered_by="") | (Q(answered_at__isnull=False) & ~Q(answered_by="")),
                name="task_answered_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(step=None, act__isnull=False) | Q(step__isnull=False, act=None), name="task_of_one"
            ),
        )

    def __str__(self) -> str:
        return f"{self.department}: {self.step_id or self.act_id}"

    @property
    def share(self) -> FulfilmentStep | SourceAct:
        """Of what it is the task: what a source is asked, or told to do."""
        share = self.step or self.act
        assert share is not None  # of the constraint
        return share

    @property
    def dsr(self) -> DataSubjectRequest:
        """The request for which it is."""
        return self.share.dsr

    @property
    def about(self) -> AboutWhom:
        """Who it is about."""
        told = json.loads(unseal(self.dsr.submission_id, f"sourcetask.about.{self.pk}", self.about_sealed))
        to_do = tuple(Text(**words) for words in told.get("to_do", ()))
        return AboutWhom(told["name"], tuple(told["addresses"]), told["details"], to_do)

    @property
    def said(self) -> Said | None:
        """What it said of an act; None while it has not, and once it was destroyed."""
        text = unseal(self.dsr.submission_id, f"sourcetask.said.{self.pk}", self.said_sealed)
        return Said(**json.loads(text)) if text else None


class TaskLink(models.Model):
    """One address of a department, and its own link: derived from the key, the id and the issue, never stored."""

    class Role(models.TextChoices):
        """Why it is there."""

        ASKED = "asked", "asked"
        LATER = "later", "told when it is late"
        COLLEAGUE = "colleague", "a colleague who was given it"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.ForeignKey(SourceTask, models.PROTECT, related_name="links")
    issue = models.PositiveIntegerField()
    role = models.CharField(max_length=9, choices=Role)
    address_sealed = models.BinaryField()
    email_digest = models.CharField(max_length=80)
    added_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True, help_text="when somebody first looked whom it is about")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("task", "issue", "email_digest"), name="task_link_once"),)

    def __str__(self) -> str:
        return f"{self.role} {self.pk}"

    @property
    def address(self) -> str:
        """Where it goes."""
        return unseal(self.task.dsr.submission_id, f"tasklink.address.{self.pk}", self.address_sealed)
