"""What a caller may do next with a request, and why not the rest: the same guards as the acts themselves."""

from collections.abc import Awaitable, Callable
from datetime import date
from functools import partial
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain import fast_track, overrides, request_lifecycle
from app.domain.contracts import BORROWERS
from app.domain.decisions import ACTIONS, GIVES, Outcome
from app.domain.errors import MicrocreditError
from app.domain.handoff_lifecycle import STAGE_OF, HandoffKind
from app.domain.permissions import Caller
from app.domain.request_lifecycle import EDITABLE, ENDED, RequestAction
from app.schemas.requests import ActionList
from app.services import (
    assignments,
    completeness,
    decision_rules,
    four_eyes,
    handoffs,
    loans,
    notices,
    ratifications,
    rectifications,
    referrals,
    requests,
    rules,
    signatures,
    transfers,
)
from app.services import request_steps as steps
from app.services.possible_actions import listed, refusals
from app.tables import Request

FAST_TRACK, RATIFY = "fast_track", "ratify"
SEND_PRECHECK, SEND_LOAN_FILE = (f"send_{kind.value}" for kind in STAGE_OF)

# Of the last decision, whatever became of the file since.
CORRECT_DECISION, NOTIFY_DECISION = "correct_decision", "notify_decision"

_REQUEST_OPERATIONS: dict[str, str] = {
    "update": "requests_update",
    "replace_budget": "plans_replace_budget",
    "replace_financing_plan": "plans_replace_financing_plan",
    "replace_assessment": "assessments_replace",
    "replace_action_plan": "action_plans_replace",
    RequestAction.ASSESS: "requests_assess",
    RequestAction.AWAIT_PAPERS: "requests_await_papers",
    RequestAction.SUBMIT: "requests_submit",
    RequestAction.APPROVE: "decisions_create",
    RequestAction.GRANT_ONLY: "decisions_create",
    RequestAction.REFUSE: "decisions_create",
    RequestAction.ADJOURN: "decisions_create",
    RequestAction.ENDORSE: "decisions_create",
    RequestAction.DECLINE: "decisions_create",
    FAST_TRACK: "decisions_create",
    RATIFY: "ratifications_create",
    RequestAction.WITHDRAW_DECISION: "rectifications_create",
    RequestAction.ABROGATE_DECISION: "rectifications_create",
    CORRECT_DECISION: "rectifications_create",
    NOTIFY_DECISION: "notifications_create",
    SEND_PRECHECK: "handoffs_create",
    SEND_LOAN_FILE: "handoffs_create",
    "offer_loan": "loans_create",
    RequestAction.WITHDRAW: "requests_close",
    RequestAction.CLOSE_WITHOUT_ACTION: "requests_close",
    RequestAction.LENDER_REFUSE: "requests_close",
    RequestAction.REFER: "requests_close",
    RequestAction.REOPEN: "reopenings_create",
    "assign": "assignments_create",
    "transfer": "transfers_create",
    "attest": "attestations_create",
    "ask_paper": "papers_create",
    "check_right": "rights_checks_create",
    "make_referral": "referrals_create",
    "plan_appointment": "appointments_create",
    "write_note": "notes_create",
}
# What changes the file itself, until the commission has it.
_EDITS = ("update", "replace_budget", "replace_financing_plan", "replace_assessment", "replace_action_plan")

# What may be added to a file that has not ended, and to any file.
_ADDED_WHILE_OPEN = ("attest", "ask_paper", "plan_appointment")
_ADDED_EVER = ("check_right", "make_referral", "write_note")


async def of_request(session: AsyncSession, request_id: UUID, *, caller: Caller, today: date) -> ActionList:
    """Every action of a request with the reasons against it: `role`, `state`, or the code of a refusal."""
    request = await steps.load(session, request_id)
    obstacles = await _request_obstacles(session, request, caller=caller, today=today)
    return listed(caller, _REQUEST_OPERATIONS, obstacles)


async def _request_obstacles(
    session: AsyncSession, request: Request, *, caller: Caller, today: date
) -> dict[str, list[str]]:
    edits = [] if request.status in EDITABLE else ["state"]
    added = [] if request.status not in ENDED else ["state"]
    obstacles: dict[str, list[str]] = {
        **dict.fromkeys(_EDITS, edits),
        **dict.fromkeys(_ADDED_WHILE_OPEN, added),
    }
    for action in _ADDED_EVER:
        obstacles[action] = []
    for given, check in (("assign", assignments.check_may_assign), ("transfer", transfers.check_may_transfer)):
        obstacles[given] = await refusals(_checked(check, request, caller=caller))
    for action in RequestAction:
        known = (request.status, action) in request_lifecycle.TRANSITIONS
        obstacles[action] = [] if known else ["state"]
    if not obstacles[RequestAction.SUBMIT]:
        obstacles[RequestAction.SUBMIT] = [
            lacking.code for lacking in await completeness.lackings(session, request, on=today)
        ]
    for sending, kind in ((SEND_PRECHECK, HandoffKind.PRECHECK), (SEND_LOAN_FILE, HandoffKind.LOAN_FILE)):
        obstacles[sending] = await refusals(handoffs.check_may_send(session, request, kind, today=today))
    obstacles |= await _on_last_decision(session, request)
    obstacles["offer_loan"] = await refusals(_check_offer(session, request, today=today))
    obstacles[FAST_TRACK] = obstacles[RequestAction.APPROVE_PROVISIONALLY]
    obstacles[RATIFY] = obstacles[RequestAction.REFUSE_TO_RATIFY]
    for guarded, guard in _guards(session, request, caller=caller, today=today).items():
        if not obstacles[guarded]:
            obstacles[guarded] = await refusals(guard())
    return obstacles


def _guards(
    session: AsyncSession, request: Request, *, caller: Caller, today: date
) -> dict[str, Callable[[], Awaitable[None]]]:
    """What must hold beyond the state."""
    unloaned = partial(steps.check_no_live_loan, session, request)
    return {
        RequestAction.ASSESS: partial(requests.check_assessable, session, request, on=today),
        RequestAction.LENDER_REFUSE: partial(handoffs.check_refused, session, request),
        RequestAction.WITHDRAW_DECISION: unloaned,
        RequestAction.ABROGATE_DECISION: unloaned,
        RequestAction.WITHDRAW: unloaned,
        RequestAction.CLOSE_WITHOUT_ACTION: unloaned,
        RequestAction.REFER: partial(_check_refer, session, request),
        FAST_TRACK: partial(_check_fast_track, session, request, caller=caller, today=today),
        RATIFY: partial(ratifications.check_may_ratify, session, request, caller=caller),
        **{
            action: partial(_check_outcome, session, request, outcome, caller=caller, today=today)
            for outcome, action in ACTIONS.items()
        },
    }


async def _on_last_decision(session: AsyncSession, request: Request) -> dict[str, list[str]]:
    decision = await rectifications.last_decision(session, request.id)
    if decision is None:
        return {CORRECT_DECISION: ["state"], NOTIFY_DECISION: ["state"]}
    return {
        CORRECT_DECISION: await refusals(rectifications.check_standing(session, decision)),
        NOTIFY_DECISION: await refusals(notices.check(session, decision)),
    }


async def _check_outcome(
    session: AsyncSession, request: Request, outcome: Outcome, *, caller: Caller, today: date
) -> None:
    """Raises what the lender asked first is refused for, unless another of the rules could lend."""
    _, version = await rules.in_force(session, today)
    version = await decision_rules.rules_for(session, request, version, outcome, on=today)
    refusals: list[MicrocreditError] = []
    for lender in rules.published(version, request.product, on=today).lenders:
        product = rules.product(version, request.product, on=today, lender=lender.code)
        try:
            decision_rules.check_outcome(product, outcome)
            await four_eyes.asks_second_person(session, request, product, caller=caller)
            return await decision_rules.check_person(session, request, product, outcome, caller=caller, on=today)
        except MicrocreditError as refused:
            refusals.append(refused)
    raise refusals[0]


async def _check_fast_track(session: AsyncSession, request: Request, *, caller: Caller, today: date) -> None:
    """Raises what keeps the caller from deciding ahead of the session, where none of what gives an aid is open."""
    product = await rules.product_of(session, request, on=today)
    found = fast_track.breaches(product, roles=caller.roles, reference="")
    overrides.check_refusals(product, found, overridden={breach.rule for breach in found}, roles=caller.roles)
    await four_eyes.asks_second_person(session, request, product, caller=caller, by=product.fast_track_by)
    refusals: list[MicrocreditError] = []
    for outcome in sorted(GIVES):
        try:
            return await _check_outcome(session, request, outcome, caller=caller, today=today)
        except MicrocreditError as refused:
            refusals.append(refused)
    raise refusals[0]


async def _check_refer(session: AsyncSession, request: Request) -> None:
    await steps.check_no_live_loan(session, request)
    await referrals.check_referred(session, request)


async def _checked(check: Callable[..., None], request: Request, *, caller: Caller) -> None:
    check(request, caller=caller)


async def _check_offer(session: AsyncSession, request: Request, *, today: date) -> None:
    await loans.check_offerable(session, request)
    await signatures.check_adults(session, request, parties=BORROWERS, on=today)
