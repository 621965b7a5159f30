"""Who may do what: every verb of the team refuses an account without the role, whoever calls it."""

import ast
import uuid
from pathlib import Path

import pytest

from requests_app import models
from requests_app.models import AccessLog, DataSubjectRequest, EvidenceEvent, Message, Submission
from requests_app.operations import access, decision, desk, identity, intake
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused, RoleMissing
from requests_app.operations.team import APPROVER, DESK, HANDLER, MAY, OFFICER, ROLES, members, roles_of
from requests_app.rules.lifecycle import Action, ActionNotAllowed
from tests.people import NOON, ana_files, published_policy, staff

pytestmark = pytest.mark.django_db

OPERATIONS = Path(models.__file__).parent.parent / "operations"
LETTER = {"letter": "Dear Ana.", "ground": "", "facts": "", "scope": "", "identity_match": "Code."}
ENTRY = {"name": "Ana", "email": "", "postal": "Via Roma 1", "details": "", "language": "it", "rights": ("access",)}

# Verb: (who may, the call). The right-hand side of operations.team.MAY, said once more by hand.
VERBS = {
    "assign": (DESK, lambda dsr, **by: desk.assign(dsr, assignee=staff("bruno", HANDLER), **by)),
    "ask": (DESK, lambda dsr, **by: desk.ask(dsr, question="Which shop?", **by)),
    "note": (ROLES, lambda dsr, **by: desk.note(dsr, text="She phoned.", **by)),
    "attach": (DESK, lambda dsr, **by: desk.attach(dsr, name="a", content=b"a", **by)),
    "reveal": ([OFFICER], lambda dsr, **by: desk.reveal(dsr.submission, purpose="compare", **by)),
    "record_other_channel": (
        [OFFICER],
        lambda dsr, **by: desk.record_other_channel(dsr.submission.notices.first(), channel="phone", **by),
    ),
    "look": (ROLES, lambda dsr, **by: access.record_look(dsr.submission, what="case page", **by)),
    "enter": (
        DESK,
        lambda dsr, **by: intake.receive(intake.Filing(form_key=uuid.uuid4(), **ENTRY), channel="post", **by),
    ),
    "decide": (DESK, lambda dsr, **by: decision.decide(dsr, outcome="done", **LETTER, **by)),
    "approve": ([APPROVER, OFFICER], lambda dsr, **by: decision.approve(dsr, digest="0", **by)),
    "return_for_change": ([APPROVER, OFFICER], lambda dsr, **by: decision.return_for_change(dsr, reason="No.", **by)),
    "carry_out": (DESK, lambda dsr, **by: decision.carry_out(dsr, note="Done.", **by)),
    "reopen": ([OFFICER], lambda dsr, **by: decision.reopen(dsr, reason="She wrote.", **by)),
}


@pytest.fixture(autouse=True)
def _portal(settings, tmp_path):
    settings.FILES_DIR = tmp_path
    published_policy()


def in_progress():
    submission = ana_files("access")
    code = identity.code_for(submission.identity_checks.get())
    assert identity.confirm(submission, purpose="verify", code=code, actor=Actor.person(), at=NOON)
    return submission.requests.select_related("submission", "policy").get()


def everything():
    counted = (EvidenceEvent, Message, AccessLog, Submission)
    states = list(DataSubjectRequest.objects.order_by("pk").values_list("state", "assignee"))
    return [model.objects.count() for model in counted], states


def superuser(name="otto"):
    otto = staff(name)
    otto.is_superuser = True
    otto.save()
    return otto


def nobody_of_the_team():
    """Otto in every disguise that is not a role."""
    gone = staff("gone", *ROLES)
    gone.is_active = False
    gone.save()
    customer = staff("customer", *ROLES)
    customer.is_staff = False
    customer.save()
    return [
        Actor.staff(staff("otto")),
        Actor.staff(superuser("root")),
        Actor.staff(gone),
        Actor.staff(customer),
        Actor.staff(staff("stranger", "auditor")),
        Actor.person(),
        Actor.system(),
    ]


@pytest.mark.both
@pytest.mark.parametrize("verb", VERBS)
def test_whoever_is_not_of_the_team_is_refused_by_the_verb_itself(verb):
    dsr = in_progress()
    otto_in_disguise = nobody_of_the_team()
    before = everything()
    for actor in otto_in_disguise:
        with pytest.raises(RoleMissing):
            VERBS[verb][1](dsr, actor=actor, at=NOON)
    assert everything() == before


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("verb", VERBS)
def test_each_role_may_what_the_table_says_and_nothing_else(verb, role):
    dsr = in_progress()
    roles, call = VERBS[verb]
    marta = Actor.staff(staff("marta", role))
    if role not in roles:
        with pytest.raises(RoleMissing):
            call(dsr, actor=marta, at=NOON)
        return
    try:
        call(dsr, actor=marta, at=NOON)
    except RoleMissing:
        pytest.fail(f"{role} may {verb}")
    except (Refused, ActionNotAllowed):
        pass  # the role may, the request is not in the state for it


def test_no_public_verb_of_the_desk_is_missing_here():
    verbs = {
        node.name
        for module in ("desk.py", "decision.py")
        for node in ast.parse((OPERATIONS / module).read_text()).body
        if isinstance(node, ast.FunctionDef) and "actor" in {a.arg for a in node.args.kwonlyargs}
    }
    assert verbs <= set(VERBS)
    assert set(VERBS) - verbs == {"look", "enter"}


@pytest.mark.both
def test_every_action_says_which_roles_take_it():
    assert set(Action) <= set(MAY)
    assert {action for action in Action if not MAY[action]} == {
        Action.CONFIRM_IDENTITY,
        Action.CANCEL,
        Action.LAPSE,
        Action.ERASURE_DONE,
        Action.ERASURE_PARTLY,
        Action.RESUME_ERASURE,
    }


@pytest.mark.both
def test_one_role_approves_whatever_the_outcome():
    assert MAY[Action.APPROVE_DONE] == MAY[Action.APPROVE_PARTLY] == MAY[Action.APPROVE_REFUSAL]
    assert MAY[Action.REOPEN] == MAY[Action.REOPEN_UNVERIFIED]


@pytest.mark.both
def test_a_superuser_who_is_given_the_role_approves_like_anybody_else():
    dsr = in_progress()
    decided = decision.decide(dsr, outcome="done", **LETTER, actor=Actor.staff(staff("bruno", HANDLER)), at=NOON)
    dsr.refresh_from_db()
    root = superuser()
    with pytest.raises(RoleMissing):
        decision.approve(dsr, digest=decided.content_digest, actor=Actor.staff(root), at=NOON)
    staff("otto", APPROVER)
    done = decision.approve(dsr, digest=decided.content_digest, actor=Actor.staff(root), at=NOON)
    assert done.approved_by == root


@pytest.mark.both
def test_a_role_taken_away_is_gone_at_once_even_for_an_account_read_before():
    dsr = in_progress()
    bruno = staff("bruno", HANDLER)
    desk.note(dsr, text="Mine.", actor=Actor.staff(bruno), at=NOON)
    staff("bruno").groups.clear()
    with pytest.raises(RoleMissing):
        desk.note(dsr, text="Still mine?", actor=Actor.staff(bruno), at=NOON)


@pytest.mark.both
def test_a_request_is_given_to_members_of_the_team_only():
    dsr = in_progress()
    with pytest.raises(Refused, match="no role"):
        desk.assign(dsr, assignee=staff("otto"), actor=Actor.staff(staff("petra")), at=NOON)
    dsr.refresh_from_db()
    assert dsr.assignee is None


@pytest.mark.both
def test_notices_go_to_no_account_that_cannot_sign_in():
    customer = staff("customer", OFFICER)
    assert customer in members(OFFICER)
    customer.is_staff = False
    customer.save()
    assert customer not in members(OFFICER)
    assert roles_of(customer) == frozenset()


@pytest.mark.both
def test_a_returned_decision_keeps_its_reason_sealed_and_named_by_its_evidence():
    dsr = in_progress()
    decision.decide(dsr, outcome="done", **LETTER, actor=Actor.staff(staff("bruno", HANDLER)), at=NOON)
    dsr.refresh_from_db()
    ada = staff("ada")
    decision.return_for_change(dsr, reason=" Name the shop. ", actor=Actor.staff(ada), at=NOON)
    note = Message.objects.get()
    assert (note.author, note.staff, note.body) == ("internal", ada, "Name the shop.")
    assert b"shop" not in bytes(note.body_sealed)
    last = EvidenceEvent.objects.filter(submission=dsr.submission).latest("seq")
    assert last.kind == "decision_returned"
    assert str(note.pk) in last.body


@pytest.mark.both
def test_a_reopening_keeps_its_reason_and_one_that_fails_keeps_nothing():
    dsr = in_progress()
    petra = Actor.staff(staff("petra"))
    with pytest.raises(ActionNotAllowed, match="“Reopen” is not possible while the request is in progress"):
        decision.reopen(dsr, reason="Too early.", actor=petra, at=NOON)
    assert not Message.objects.exists()
    bruno = Actor.staff(staff("bruno", HANDLER))
    submitted = decision.decide(dsr, outcome="done", **LETTER, actor=bruno, at=NOON)
    dsr.refresh_from_db()
    dsr = decision.approve(dsr, digest=submitted.content_digest, actor=petra, at=NOON)
    decision.reopen(dsr, reason="A file was missing.", actor=petra, at=NOON)
    note = Message.objects.get()
    assert note.body == "A file was missing."
    assert str(note.pk) in EvidenceEvent.objects.get(kind="reopened").body
