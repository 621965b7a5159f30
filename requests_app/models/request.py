"""A data-subject request: exactly one right, exercised once, with its own clock and outcome."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from requests_app.rules.lifecycle import OPEN, TWO_PERSON_RIGHTS, State

from .policy import PolicyVersion
from .submission import Submission

RIGHTS = (
    ("access", "Access"),
    ("deletion", "Deletion"),
    ("consent_withdrawal", "Withdrawal of consent"),
    ("marketing_optout", "Marketing opt-out"),
    ("correction", "Correction"),
    ("restriction", "Restriction"),
    ("objection", "Objection"),
    ("portability", "Portability"),
    ("account_closure", "Account closure"),
    ("complaint", "Complaint"),
)


class DataSubjectRequest(models.Model):
    """`state` is written by operations.transition only."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    submission = models.ForeignKey(Submission, models.PROTECT, related_name="requests")
    right = models.CharField(max_length=24, choices=RIGHTS)
    state = models.CharField(max_length=24, choices=[(s.value, s.value.replace("_", " ")) for s in State])
    policy = models.ForeignKey(PolicyVersion, models.PROTECT)
    opened_at = models.DateTimeField(help_text="start of the running clock: receipt, or the reopening")
    opened_on = models.DateField()
    due_on = models.DateField(help_text="what was promised")
    statutory_on = models.DateField(null=True, blank=True, help_text="what the binding laws ask, the earliest of them")
    cautious_on = models.DateField(null=True, blank=True, help_text="the day to work towards")
    effective_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    wake_at = models.DateTimeField(null=True, blank=True)
    sensitive_since = models.DateTimeField(null=True, blank=True, help_text="staff marked it: sensitive data, GDPR 9")
    waiting_since = models.DateTimeField(null=True, blank=True, help_text="staff asked the person something")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="assigned"
    )
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    failures = models.PositiveSmallIntegerField(default=0)  # attempts of the clock, each counted before it is made
    failure_code = models.CharField(max_length=80, blank=True, db_default="", help_text="class of the last error")
    set_aside_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "request"
        indexes = (
            models.Index(fields=("wake_at",), name="dsr_wake", condition=Q(wake_at__isnull=False)),
            models.Index(fields=("due_on",), name="dsr_due_open", condition=Q(state__in=sorted(OPEN))),
            models.Index(fields=("set_aside_at",), name="dsr_set_aside", condition=Q(set_aside_at__isnull=False)),
        )
        constraints = (
            # One filing names a right once, so that it has one clock and one answer. Asked again later, it is a new
            # submission; taken up again, it is the same row reopened.
            models.UniqueConstraint(fields=("submission", "right"), name="dsr_right_once"),
            models.CheckConstraint(condition=Q(state__in=sorted(State)), name="dsr_state_known"),
            models.CheckConstraint(
                condition=Q(statutory_on=None) | Q(cautious_on__isnull=False, cautious_on__lte=F("statutory_on")),
                name="dsr_cautious_in_time",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=sorted({"refused", "partly_fulfilled", "executing"}))
                | (Q(decided_by__isnull=False) & Q(approved_by__isnull=False) & ~Q(decided_by=F("approved_by"))),
                name="dsr_refusal_two_people",
            ),
            models.CheckConstraint(
                condition=~(Q(state="fulfilled") & Q(right__in=sorted(TWO_PERSON_RIGHTS)))
                | (Q(decided_by__isnull=False) & Q(approved_by__isnull=False) & ~Q(decided_by=F("approved_by"))),
                name="dsr_release_two_people",
            ),
        )

    def __str__(self) -> str:
        return f"{self.submission.case_label} {self.right}"

    @property
    def is_open(self) -> bool:
        """Whether an answer is still owed."""
        return self.state in OPEN
