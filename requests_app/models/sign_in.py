"""Accounts at a provider of OpenID Connect, known by a keyed digest of issuer and subject only."""

from django.conf import settings
from django.db import models

from .submission import Submission


class SignIn(models.Model):
    """The account at the controller's own provider whose owner showed that the requests of a submission are theirs."""

    submission = models.OneToOneField(Submission, models.PROTECT, primary_key=True, related_name="sign_in")
    subject_digest = models.CharField(max_length=80)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"sign-in of {self.submission_id}"


class StaffSignIn(models.Model):
    """The account at the organisation's provider with which a member of the team signs in."""

    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="provider_sign_in"
    )
    subject_digest = models.CharField(max_length=80, unique=True)
    first_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"sign-in of account {self.account_id}"
