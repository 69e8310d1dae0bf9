"""Calls on the guarantors of a loan: a loss that the bank tells, and what a guarantor covers of it."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain import guarantees
from app.domain.dates import check_day
from app.domain.errors import NotFound, ReferenceAlreadyUsed
from app.domain.guarantee_errors import (
    ClaimAboveCap,
    ClaimAboveShare,
    ClaimSettledInPart,
    LossAboveLoan,
    RecoveredBefore,
)
from app.domain.guarantees import ClaimAnomaly, Lost
from app.domain.lenders import CapOf, Guarantee
from app.domain.loan_lifecycle import LoanAction, LoanStage, after
from app.domain.permissions import Caller
from app.domain.products import Product
from app.schemas.guarantee_claims import (
    GuaranteeClaimCreate,
    GuaranteeClaimList,
    GuaranteeClaimRead,
    GuaranteeReversalCreate,
)
from app.schemas.guarantee_payments import GuaranteePaymentRead
from app.services import guarantee_facts, handoff_steps, loan_books, loan_states, loan_steps
from app.services.guarantee_facts import Facts
from app.tables import GuaranteeClaim, GuaranteeReversal, Handoff, Loan, Request
from app.tenancy import bound_tenant, of_tenant, widened

_COLUMNS = [name for name in GuaranteeClaimRead.model_fields if name in GuaranteeClaim.model_fields]


async def create(
    session: AsyncSession, loan_id: UUID, *, caller: Caller, today: date, body: GuaranteeClaimCreate
) -> GuaranteeClaimRead:
    """Records a loss and the claim on a guarantor, for what it covers under the rules of the loan or for less.

    The same letter with the same content is the same claim, never a second one.

    Raises NotFound, IllegalTransition, NoGuarantor, GuarantorNotNamed, RuleNotStated, ReferenceAlreadyUsed,
    RecoveredBefore, LossAboveLoan, ClaimAboveShare, ClaimAboveCap, DateOutOfOrder, DateInFuture.
    """
    loan = await loan_steps.locked(session, loan_id)
    place, product = await check_claimable(session, loan, guarantor=body.guarantor)
    disbursed_on = await loan_states.reached_on(session, loan, LoanStage.DISBURSED)
    check_day("lost_on", body.lost_on, not_before=disbursed_on, today=today)
    guarantee = (product.guarantees or ())[place]
    facts = await guarantee_facts.of_loans(session, [loan.id])
    known = _of_letter(facts, guarantee.guarantor, body)
    if known is None:
        _check_lost(loan, facts, body)
        claimed = await _claimed_cents(session, loan, product, place, body)
        known = _claim(loan, guarantee, facts, caller, body, claimed)
        session.add(known)
        loan.version += 1
        await session.flush()  # the answer is read back
    return await read(session, known.id)


async def check_claimable(session: AsyncSession, loan: Loan, *, guarantor: str | None) -> tuple[int, Product]:
    """The place of the guarantee that is called among those of the product, and the product.

    Raises IllegalTransition, NoGuarantor, GuarantorNotNamed, RuleNotStated.
    """
    after(loan.stage, LoanAction.CLAIM_GUARANTEE)
    _, product = await loan_steps.rules_of(session, loan)
    place, _ = guarantees.chosen(product, guarantor)
    guarantees.check_stated(product, place)
    return place, product


async def check_any_claimable(session: AsyncSession, loan: Loan) -> None:
    """Raises as `check_claimable` does of the guarantor asked first where none of the loan's can be called."""
    after(loan.stage, LoanAction.CLAIM_GUARANTEE)
    _, product = await loan_steps.rules_of(session, loan)
    guarantees.check_any_stated(product)


async def list_of_loan(session: AsyncSession, loan_id: UUID) -> GuaranteeClaimList:
    """The claims of a loan in the order of entry. Raises NotFound."""
    loan = await loan_steps.load(session, loan_id)
    facts = await guarantee_facts.of_loans(session, [loan.id])
    items = [await _read(session, loan, facts, claim) for claim in facts.claims]
    return GuaranteeClaimList(items=items, next_cursor=None)


async def read(session: AsyncSession, claim_id: UUID) -> GuaranteeClaimRead:
    """One claim. Raises NotFound."""
    claim = await load(session, claim_id)
    loan = await loan_steps.load(session, claim.loan_id)
    return await _read(session, loan, await guarantee_facts.of_loans(session, [loan.id]), claim)


async def load(session: AsyncSession, claim_id: UUID) -> GuaranteeClaim:
    """The row of a claim, or NotFound."""
    claim = await session.get(GuaranteeClaim, (bound_tenant(session), claim_id))
    if claim is None:
        raise NotFound
    return claim


async def reverse(
    session: AsyncSession, claim_id: UUID, *, caller: Caller, today: date, body: GuaranteeReversalCreate
) -> GuaranteeClaimRead:
    """Takes a claim back, once; its letter may then be entered anew.

    Its handoff to the lender, where it has one, is taken back with it.

    Raises NotFound, GuaranteeEntryReversed, ClaimSettledInPart, DateOutOfOrder, DateInFuture.
    """
    claim = await load(session, claim_id)
    loan = await loan_steps.locked(session, claim.loan_id)
    facts = await guarantee_facts.of_loans(session, [loan.id])
    facts.check_standing(claim)
    told_on = await handoff_steps.last_step_on(session, col(Handoff.guarantee_claim_id) == claim.id)
    check_day("reversed_on", body.reversed_on, not_before=max(claim.lost_on, told_on or claim.lost_on), today=today)
    state = facts.state(claim)
    # What was recovered was shared out on the losses told by then.
    if state.paid_cents or facts.standing(facts.recoveries):
        raise ClaimSettledInPart
    session.add(
        GuaranteeReversal(
            tenant_id=loan.tenant_id, claim_id=claim.id, account_id=caller.account_id, **body.model_dump()
        )
    )
    await handoff_steps.withdraw_claim(session, claim.id, caller=caller, effect_on=body.reversed_on)
    loan.version += 1
    await session.flush()  # the answer is read back
    return await read(session, claim.id)


def _of_letter(facts: Facts, guarantor: str, body: GuaranteeClaimCreate) -> GuaranteeClaim | None:
    """The claim on the guarantor that the letter already made. Raises ReferenceAlreadyUsed where it told otherwise."""
    told = [claim for claim in facts.standing(facts.claims) if claim.reference == body.reference]
    loss = (body.lost_on, body.principal_cents, body.interest_cents)
    if any((claim.lost_on, claim.principal_cents, claim.interest_cents) != loss for claim in told):
        raise ReferenceAlreadyUsed
    known = next((claim for claim in told if claim.guarantor == guarantor), None)
    if known is not None and body.claimed_cents not in (None, known.claimed_cents):
        raise ReferenceAlreadyUsed
    return known


def _check_lost(loan: Loan, facts: Facts, body: GuaranteeClaimCreate) -> None:
    """Raises RecoveredBefore where something was shared back without this claim, LossAboveLoan where more principal
    would be lost than was lent.
    """
    if facts.standing(facts.recoveries):
        raise RecoveredBefore
    others = [one for one in facts.claimed() if one.reference != body.reference]
    most = loan.principal_cents - sum(one.principal_cents for one in guarantees.losses(others))
    if body.principal_cents > most:
        raise LossAboveLoan(most_cents=max(0, most))


async def _claimed_cents(
    session: AsyncSession, loan: Loan, product: Product, place: int, body: GuaranteeClaimCreate
) -> int:
    """What is claimed, in cents. Raises ClaimAboveShare, ClaimAboveCap."""
    guarantee = (product.guarantees or ())[place]
    await _take_turn(session, guarantee)
    called = await called_cents(session, loan, guarantee)
    lost = Lost(principal_cents=body.principal_cents, interest_cents=body.interest_cents)
    part = guarantees.part_of_loss(product, place, lost, called_cents=called)
    uncapped = part.cents + part.capped_cents
    claimed = part.cents if body.claimed_cents is None else body.claimed_cents
    if claimed > uncapped or uncapped == 0:
        share = guarantees.share_words(guarantee)
        raise ClaimAboveShare(guarantor=guarantee.guarantor, share_percent=share, most_cents=uncapped)
    if claimed > part.cents or part.cents == 0:
        raise ClaimAboveCap(
            guarantor=guarantee.guarantor,
            cap_cents=guarantee.cap_cents,
            cap_of=guarantee.cap_of,
            most_cents=part.cents,
        )
    return claimed


async def _take_turn(session: AsyncSession, guarantee: Guarantee) -> None:
    """Whoever claims on the guarantor meanwhile waits: a cap that bounds all losses is never passed by two at once."""
    if guarantee.cap_of is CapOf.PORTFOLIO:
        turn = func.hashtextextended(f"{bound_tenant(session)}/guarantee/{guarantee.guarantor}", 0)
        await session.execute(select(func.pg_advisory_xact_lock(turn)))


async def called_cents(session: AsyncSession, loan: Loan, guarantee: Guarantee, *, but_for: UUID | None = None) -> int:
    """What the guarantor was called for on the portfolio, but for one claim, whatever communes the caller sees, in
    cents; 0 where no cap bounds it.
    """
    if guarantee.cap_of is not CapOf.PORTFOLIO:
        return 0
    request = await session.get_one(Request, (loan.tenant_id, loan.request_id))
    async with widened(session):
        portfolio = select(col(Loan.id)).join(
            Request, and_(col(Request.tenant_id) == Loan.tenant_id, col(Request.id) == Loan.request_id)
        )
        alike = portfolio.where(
            of_tenant(session, Loan),
            col(Loan.partner_id).is_not_distinct_from(loan.partner_id),
            col(Request.product) == request.product,
        )
        called = await session.scalars(
            select(func.coalesce(func.sum(col(GuaranteeClaim.claimed_cents)), 0))
            .outerjoin(
                GuaranteeReversal,
                and_(
                    col(GuaranteeReversal.tenant_id) == GuaranteeClaim.tenant_id,
                    col(GuaranteeReversal.claim_id) == GuaranteeClaim.id,
                ),
            )
            .where(
                of_tenant(session, GuaranteeClaim),
                col(GuaranteeClaim.guarantor) == guarantee.guarantor,
                col(GuaranteeClaim.loan_id).in_(alike),
                col(GuaranteeReversal.id).is_(None),
                col(GuaranteeClaim.id).is_distinct_from(but_for),
            )
        )
        return int(called.one())


def _claim(
    loan: Loan, guarantee: Guarantee, facts: Facts, caller: Caller, body: GuaranteeClaimCreate, claimed_cents: int
) -> GuaranteeClaim:
    names = (guarantee.guarantor, body.reference)
    assert guarantee.share_percent is not None and guarantee.base is not None  # noqa: S101, PT018 - they are stated
    return GuaranteeClaim(
        tenant_id=loan.tenant_id,
        loan_id=loan.id,
        guarantor=guarantee.guarantor,
        **body.model_dump(exclude={"guarantor", "claimed_cents"}),
        reference_use=1 + sum((one.guarantor, one.reference) == names for one in facts.claims),
        share_percent=guarantee.share_percent,
        base=guarantee.base,
        cap_cents=guarantee.cap_cents,
        cap_of=guarantee.cap_of,
        claimed_cents=claimed_cents,
        account_id=caller.account_id,
    )


async def _read(session: AsyncSession, loan: Loan, facts: Facts, claim: GuaranteeClaim) -> GuaranteeClaimRead:
    state = facts.state(claim)
    payments = [one for one in facts.payments if one.claim_id == claim.id]
    return GuaranteeClaimRead(
        **{name: getattr(claim, name) for name in _COLUMNS},
        paid_cents=state.paid_cents,
        shared_cents=state.shared_cents,
        left_cents=state.left_cents,
        to_return_cents=state.to_return_cents,
        payments=[GuaranteePaymentRead(**one.model_dump(), reversed_on=facts.reversed_on(one)) for one in payments],
        anomalies=await _anomalies(session, loan, claim),
        reversed_on=facts.reversed_on(claim),
    )


async def _anomalies(session: AsyncSession, loan: Loan, claim: GuaranteeClaim) -> Sequence[ClaimAnomaly]:
    """What the claim contradicts of our copy of the lender's statements."""
    owed = (await loan_books.books(session, loan, on=claim.lost_on)).outstanding_cents
    return [ClaimAnomaly.LOSS_ABOVE_OUTSTANDING] if claim.principal_cents > owed else []
