"""What the rules of a CCAS say of a decision: which of them speak, whose it is to take, whom it may be given to."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain import overrides
from app.domain.decision_differences import Differences
from app.domain.decision_errors import ReasonNotGiven
from app.domain.decisions import GIVES, OF_OWN_FUNDS, OF_PARTNERS, Outcome
from app.domain.errors import RuleNotStated
from app.domain.lenders import Lending
from app.domain.partner_errors import NoLender, PartnerLends
from app.domain.permissions import Caller
from app.domain.products import Product
from app.domain.rules import RuleVersion
from app.services import action_plans, aid_facts, eligibility, rules
from app.tables import Decision, Request


async def rules_for(
    session: AsyncSession, request: Request, version: RuleVersion, outcome: Outcome, *, on: date
) -> RuleVersion:
    """The rules whose product a decision speaks of: those of the day, the last that had it where nothing is given."""
    return version if outcome in GIVES else await rules.last_with(session, version, request.product, on=on)


def check_outcome(product: Product, outcome: Outcome) -> None:
    """Raises PartnerLends where a partner lends (the CCAS then neither approves nor refuses a loan), NoLender where
    none does (there is nobody to endorse a file to), RuleNotStated.
    """
    if product.lending is Lending.PARTNER and outcome in OF_OWN_FUNDS:
        raise PartnerLends
    if product.lending is Lending.OWN_FUNDS and outcome in OF_PARTNERS:
        raise NoLender
    check_grant(product, int(outcome is Outcome.GRANT_ONLY))


def check_grant(product: Product, grant_cents: int) -> None:
    """Raises RuleNotStated for a grant where the rules do not speak of grants."""
    if grant_cents and product.grant is None:
        raise RuleNotStated(path="grant")


def check_reason(decision: Decision, differs: Differences) -> None:
    """Raises ReasonNotGiven where an aid is given otherwise than it was asked, and nothing says why."""
    if differs.named() and (decision.reason_code is None or decision.reason is None):
        raise ReasonNotGiven(differs=differs.named())


async def check_person(
    session: AsyncSession, request: Request, product: Product, outcome: Outcome, *, caller: Caller, on: date
) -> None:
    """Raises RulesBreached where an aid is out of the question for this person, whatever its terms, and the caller
    may not go past the rule; ActionPlanMissing, ActionBegunBeforeValidation.
    """
    if outcome in GIVES:
        facts = await aid_facts.of_request(session, request, served=caller.served_insee_codes, on=on)
        found = eligibility.of_aid(product, aid_facts.for_lender(product, facts), reference="")
        overrides.check_refusals(product, found, overridden={breach.rule for breach in found}, roles=caller.roles)
        await action_plans.check_to_come(session, request, product, on=on)
