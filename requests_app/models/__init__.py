"""Stored facts: fields, constraints and querysets. Nothing here changes anything on its own."""

from .answer import AnswerFile, Decision, DisclosurePackage
from .authority import Authority
from .change import RequestedChange
from .complaint import Complaint
from .consent import ConsentEntry, PreferenceLink
from .contact import Contact
from .contact_change import ContactChange
from .deadline_change import Extension, Pause
from .enforcement import Heartbeat, MilestoneRecord
from .erasure import ErasureConfirmation
from .erasure_certificate import ErasureCertificate
from .erasure_item import ErasureItem
from .evidence import AccessLog, EvidenceEvent
from .fulfilment import FulfilmentStep, Mark, PackageBuild, Redaction, StepFile
from .identity import IdentityCheck
from .keys import SubmissionKey
from .legal_hold import LegalHold
from .manual_verification import ManualVerification
from .message import Message
from .network import NetworkCount
from .notice import Notice
from .people_found import PeopleFound
from .policy import PolicyVersion
from .proof import ProofDocument, ProofRequest
from .published_figures import PublishedFigures
from .receipt import ReceiptCorrection
from .request import DataSubjectRequest
from .restriction import Balancing, Restriction
from .sign_in import SignIn, StaffSignIn
from .source_act import SourceAct
from .source_callback import SourceCallback
from .source_lookup import SourceLookup
from .source_task import SourceTask, TaskLink
from .staff import StaffIdentity
from .submission import Submission
from .suppression import JournalIntent, RegisterState, SourceRematch, SuppressionEntry

__all__ = [
    "AccessLog",
    "AnswerFile",
    "Authority",
    "Balancing",
    "Complaint",
    "ConsentEntry",
    "Contact",
    "ContactChange",
    "DataSubjectRequest",
    "Decision",
    "DisclosurePackage",
    "ErasureCertificate",
    "ErasureConfirmation",
    "ErasureItem",
    "EvidenceEvent",
    "Extension",
    "FulfilmentStep",
    "Heartbeat",
    "IdentityCheck",
    "JournalIntent",
    "LegalHold",
    "ManualVerification",
    "Mark",
    "Message",
    "MilestoneRecord",
    "NetworkCount",
    "Notice",
    "PackageBuild",
    "Pause",
    "PeopleFound",
    "PolicyVersion",
    "PreferenceLink",
    "ProofDocument",
    "ProofRequest",
    "PublishedFigures",
    "ReceiptCorrection",
    "Redaction",
    "RegisterState",
    "RequestedChange",
    "Restriction",
    "SignIn",
    "SourceAct",
    "SourceCallback",
    "SourceLookup",
    "SourceRematch",
    "SourceTask",
    "StaffIdentity",
    "StaffSignIn",
    "StepFile",
    "Submission",
    "SubmissionKey",
    "SuppressionEntry",
    "TaskLink",
]
