"""Requests (demandes): taken in, described, moved through their life, closed with another answer."""

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.dates import check_day
from app.domain.errors import (
    SamePersonTwice,
)
from app.domain.permissions import Caller
from app.domain.request_lifecycle import RequestAction, RequestStatus, after, check_end
from app.messages import Language
from app.schemas.base import Page
from app.schemas.eligibility import SubmissionRead
from app.schemas.requests import (
    AssessCreate,
    AwaitPapersCreate,
    Closing,
    Household,
    RequestCreate,
    RequestCreated,
    RequestItem,
    RequestQuery,
    RequestRead,
    RequestUpdate,
    SubmitCreate,
)
from app.services import (
    assignments,
    check_standings,
    completeness,
    eligibility,
    handoff_steps,
    handoffs,
    organisations,
    other_answers,
    people,
    referrals,
    rules,
    search,
    transfers,
)
from app.services import request_steps as steps
from app.services.pages import page
from app.services.references import next_reference
from app.tables import Request
from app.tenancy import bound_tenant

_ITEM_COLUMNS = [getattr(Request, name) for name in RequestItem.model_fields]
_ITEMS = TypeAdapter(list[RequestItem])
_CLOSINGS = {
    RequestStatus.WITHDRAWN: RequestAction.WITHDRAW,
    RequestStatus.CLOSED_WITHOUT_ACTION: RequestAction.CLOSE_WITHOUT_ACTION,
    RequestStatus.LENDER_REFUSED: RequestAction.LENDER_REFUSE,
    RequestStatus.REFERRED: RequestAction.REFER,
}


async def create(
    session: AsyncSession,
    *,
    caller: Caller,
    today: date,
    body: RequestCreate,
    instructing_agent_id: UUID | None = None,
) -> RequestCreated:
    """Takes in a demand under the rules of the day it was received; the caller instructs it unless another is named.

    Raises CommuneNotServed, CommuneOutOfReach, NotPrescriber, ApplicantUnknown, SamePersonTwice, DateInFuture,
    NoRulesInForce, UnknownProduct, CannotInstruct.
    """
    received_on = body.received_on or today
    check_day("received_on", received_on, not_before=None, today=today)
    transfers.check_commune(caller, body.commune_insee_code)
    await organisations.check_prescriber(session, body.prescriber_id, on=received_on)
    if instructing_agent_id is not None:
        await assignments.check_can_instruct(session, instructing_agent_id, body.commune_insee_code)
    version = (await rules.in_force(session, received_on))[1]
    product = rules.product(version, body.product, on=received_on)
    similar = await people.same_as(session, body.applicant) if body.applicant else []
    await people.check_known(session, applicant_id=body.applicant_id, co_applicant_id=body.co_applicant_id)
    request = Request(
        tenant_id=bound_tenant(session),
        reference=await next_reference(session, series="D", year=received_on.year),
        status=RequestStatus.INTAKE,
        applicant_id=await _applicant(session, today=today, body=body),
        instructing_agent_id=instructing_agent_id or caller.account_id,
        **_described(body),
        product=product.code,
        received_on=received_on,
        rules_version=version.version,
    )
    _check_two(request)
    session.add(request)
    await assignments.start(session, request, by=caller.account_id)
    return RequestCreated(**dict(_read(request)), similar_person_ids=similar)


async def list_page(session: AsyncSession, *, query: RequestQuery) -> Page[RequestItem]:
    """Requests, newest first."""
    filters = {
        "status": query.status,
        "commune_insee_code": query.commune_insee_code,
        "instructing_agent_id": query.instructing_agent_id,
    }
    statement = select(*_ITEM_COLUMNS).where(
        *(getattr(Request, name) == value for name, value in filters.items() if value is not None)
    )
    if query.received_from is not None:
        statement = statement.where(col(Request.received_on) >= query.received_from)
    if query.received_to is not None:
        statement = statement.where(col(Request.received_on) <= query.received_to)
    if query.q is not None:
        statement = statement.where(await search.found(session, query.q))
    return await page(session, statement, Request, query=query, items=_ITEMS)


async def read(session: AsyncSession, request_id: UUID) -> RequestRead:
    """One request, or NotFound."""
    return _read(await steps.load(session, request_id))


async def update(
    session: AsyncSession, request_id: UUID, *, version: int, caller: Caller, today: date, body: RequestUpdate
) -> RequestRead:
    """Changes what the body names, while the file is being instructed.

    Raises NotFound, VersionStale, RequestLocked, CommuneNotServed, CommuneOutOfReach, CommuneOfTransfer,
    ApplicantUnknown, HandoffAlreadyOpen, NotPrescriber, NoRulesInForce, UnknownProduct.
    """
    request = await steps.editable(session, request_id, version=version)
    changes = body.model_dump(exclude_unset=True)
    household = changes.pop("household", None) or {}
    if "product" in changes:
        _, rules_of_today = await rules.in_force(session, today)
        rules.published(rules_of_today, body.product, on=today)
    if changes.get("co_applicant_id", request.co_applicant_id) != request.co_applicant_id:
        await handoffs.check_borrowers_may_change(session, request)
        await people.check_known(session, co_applicant_id=body.co_applicant_id)
    if changes.get("commune_insee_code", request.commune_insee_code) != request.commune_insee_code:
        await transfers.check_correctable(session, request)
    for field, value in {**changes, **household}.items():
        setattr(request, field, value)
    transfers.check_commune(caller, request.commune_insee_code)
    if "prescriber_id" in changes:
        await organisations.check_prescriber(session, request.prescriber_id, on=request.received_on)
    _check_two(request)
    request.version += 1
    return _read(request)


async def assess(
    session: AsyncSession, request_id: UUID, *, caller: Caller, today: date, body: AssessCreate | None
) -> RequestRead:
    """The assessment (évaluation sociale) begins: the first appointment, where the lender's check may gate it.

    Raises IllegalTransition, CheckNotFavourable, DateInFuture, DateOutOfOrder.
    """
    on = body.assessed_on if body else None
    request = await steps.locked(session, request_id)
    if on is not None:
        check_day("assessed_on", on, not_before=await steps.last_act_on(session, request), today=today)
    after(request.status, RequestAction.ASSESS)
    await check_assessable(session, request, on=on or today)
    steps.move(session, request, RequestAction.ASSESS, caller=caller, effect_on=on)
    return _read(request)


async def await_papers(
    session: AsyncSession, request_id: UUID, *, caller: Caller, today: date, body: AwaitPapersCreate | None
) -> RequestRead:
    """The assessment waits for papers. Raises IllegalTransition, DateInFuture, DateOutOfOrder."""
    on = body.awaited_on if body else None
    request = await steps.locked(session, request_id)
    if on is not None:
        check_day("awaited_on", on, not_before=await steps.last_act_on(session, request), today=today)
    steps.move(session, request, RequestAction.AWAIT_PAPERS, caller=caller, effect_on=on)
    return _read(request)


async def submit(
    session: AsyncSession,
    request_id: UUID,
    *,
    caller: Caller,
    today: date,
    language: Language,
    body: SubmitCreate | None,
) -> SubmissionRead:
    """The file goes to the commission; what the rules of the day do not allow is told, and stops nothing.

    Raises BudgetMissing, PlanMissing, PlanUnbalanced, ActionPlanMissing, ActionBegunBeforeValidation, PapersMissing,
    NoRulesInForce, UnknownProduct.
    """
    on = body.submitted_on if body else None
    request = await steps.locked(session, request_id)
    if on is not None:
        check_day("submitted_on", on, not_before=await steps.last_act_on(session, request), today=today)
    after(request.status, RequestAction.SUBMIT)
    await completeness.check(session, request, on=on or today)
    _, breaches = await eligibility.of_request(session, request, caller=caller, on=on or today)
    steps.move(session, request, RequestAction.SUBMIT, caller=caller, effect_on=on)
    return SubmissionRead(**dict(_read(request)), breaches=eligibility.told(breaches, language))


async def close(session: AsyncSession, request_id: UUID, *, caller: Caller, today: date, body: Closing) -> RequestRead:
    """Ends the request without an aid and records the other answer that was given.

    What still lies with a lender is taken back.

    Raises LoanInTheWay, LenderHasNotRefused, ReferredNowhere, NoReferral, UnreachableTooSoon, DateInFuture,
    DateOutOfOrder.
    """
    on = body.closed_on or today
    request = await steps.locked(session, request_id)
    check_day("closed_on", on, not_before=await handoff_steps.last_act_on(session, request), today=today)
    after(request.status, _CLOSINGS[body.outcome])
    check_end(body.outcome, body.other_answer.kind)
    await steps.check_no_live_loan(session, request)
    if body.outcome is RequestStatus.LENDER_REFUSED:
        await handoffs.check_refused(session, request)
    if body.outcome is RequestStatus.REFERRED:
        await referrals.check_referred(session, request)
    await handoff_steps.withdraw_all(session, request, caller=caller, effect_on=on)
    await other_answers.record(session, request, body.other_answer, since=request.received_on, today=today)
    request.closing_reason_code, request.closing_reason = body.reason_code, body.reason
    steps.move(session, request, _CLOSINGS[body.outcome], caller=caller, effect_on=on)
    return _read(request)


async def check_assessable(session: AsyncSession, request: Request, *, on: date) -> None:
    """Raises CheckNotFavourable while the lender's check keeps the person from the first appointment."""
    product = await rules.product_of(session, request, on=on)
    await check_standings.check_first_appointment(session, request, product, on=on)


async def _applicant(session: AsyncSession, *, today: date, body: RequestCreate) -> UUID:
    if body.applicant is not None:
        return (await people.add(session, today=today, body=body.applicant)).id
    assert body.applicant_id is not None  # noqa: S101 - the schema asks for one of the two
    return body.applicant_id


def _check_two(request: Request) -> None:
    if request.co_applicant_id == request.applicant_id:
        raise SamePersonTwice


def _described(body: RequestCreate) -> dict[str, Any]:
    fields = body.model_dump(exclude={"applicant_id", "applicant", "household", "product", "received_on"})
    return {**fields, **body.household.model_dump()}


def _read(request: Request) -> RequestRead:
    return RequestRead(
        **{name: getattr(request, name) for name in _PLAIN_FIELDS},
        household=_household(request),
        other_answer=other_answers.told(request),
    )


def _household(request: Request) -> Household | None:
    if request.adults is None or request.minor_children is None:
        return None
    return Household(adults=request.adults, minor_children=request.minor_children)


_PLAIN_FIELDS = [name for name in RequestRead.model_fields if name not in ("household", "other_answer")]
