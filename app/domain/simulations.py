"""What a loan would be: its schedule, who would pay what of it, its APR, and what law and rules say of it.

Nothing is decided here: a simulation tells every breach beside the whole schedule.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from app.domain import eligibility, interest_aids, interest_subsidies, law_limits, loan_aprs, loan_terms
from app.domain.aids import Aid
from app.domain.amortization import Instalment, RemainderOn, Rounding
from app.domain.apr import Apr
from app.domain.breaches import Breach, Severity
from app.domain.eligibility import text_of
from app.domain.interest_aids import Refund
from app.domain.interest_subsidies import Shares
from app.domain.lenders import Lender, Lending
from app.domain.loan_days import LoanDays
from app.domain.loan_terms import AskedTerms, LoanTerms
from app.domain.money import percent_text
from app.domain.national_law import NationalLaw
from app.domain.products import DecidingBody, Product, RoundingRule
from app.domain.settled_rules import stated_rate
from app.domain.usury import Usury, UsuryTable, usury

# Where no rule says how to round: to the cent, half up, the remainder last unless the first is asked for.
TO_THE_CENT = RoundingRule(unit_cents=1, mode=Rounding.HALF_UP, remainder_on=(RemainderOn.LAST, RemainderOn.FIRST))
# For a loan without a CCAS: null limits do not limit, and the caller says the rate.
NO_RULES = Product(
    code="none",
    name="none",
    lending=Lending.OWN_FUNDS,
    lender=Lender(code="none", name="none"),
    amount_cents_min=None,
    amount_cents_max=None,
    duration_months_max=None,
    rate_percent=None,
    interest_borne_by=None,
    guarantees=None,
    ficp=None,
    deciding_body=DecidingBody.LENDER,
    rounding=None,
    grant=None,
    purposes=None,
    applicant_age_min=None,
    minor_children_max=None,
    fast_track=False,
    signed_by=None,
    commitment=None,
    payee=None,
    collected_by=None,
    not_stated=(),
    sources={},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """The outcome. `parts` is what third parties pay of each row, `fee_shares` of the fee.

    `borrower_apr` counts the borrower's flows alone, without the `refunds` that conditions may still take away.
    """

    dates: LoanDays
    terms: LoanTerms
    rows: Sequence[Instalment]
    parts: Sequence[Shares]
    refunds: Sequence[Refund]
    fee_shares: Shares
    apr: Apr
    borrower_apr: Apr
    usury: Usury
    breaches: list[Breach]
    warnings: list[Breach]


def simulate(
    product: Product,
    asked: AskedTerms,
    days: LoanDays,
    *,
    rate_percent: Decimal | None,
    fee_cents: int,
    aid: Aid,
    table: UsuryTable,
    law: NationalLaw,
    reference: str,
) -> Simulation:
    """The loan asked for, under the rules of a product, at the rate given or else at that of the rules.

    Raises RuleNotStated where neither says the rate, BirthDateMissing where it waits for the age, ImpossibleSchedule
    naming the field and its bound.
    """
    terms, rows, parts = planned(product, asked, days, rate_percent=rate_percent)
    rate = terms.rate_percent
    refunds = interest_aids.refunds(rows, parts, product, rate_percent=rate, fee_cents=fee_cents)
    fee_shares = interest_aids.fee_shares(product, fee_cents)
    whole = loan_aprs.of_rows(rows, days, fee_cents=fee_cents)
    own_fee_cents = fee_cents - sum(share.cents for share in fee_shares)
    borrowers = loan_aprs.of_rows(interest_subsidies.borrower_rows(rows, parts), days, fee_cents=own_fee_cents)
    tested = usury(apr_percent=whole.percent, amount_cents=terms.amount_cents, offered_on=days.on, table=table)
    found = _breaches(product, terms, asked, days, rate, aid=aid, law=law, reference=reference)
    found += law_limits.of_usury(tested, whole)
    return Simulation(
        dates=days,
        terms=terms,
        rows=rows,
        parts=parts,
        refunds=refunds,
        fee_shares=fee_shares,
        apr=whole,
        borrower_apr=borrowers,
        usury=tested,
        breaches=[breach for breach in found if breach.severity is Severity.REFUSE],
        warnings=[breach for breach in found if breach.severity is Severity.WARN],
    )


def planned(
    product: Product, asked: AskedTerms, days: LoanDays, *, rate_percent: Decimal | None
) -> tuple[LoanTerms, tuple[Instalment, ...], list[Shares]]:
    """The whole terms, the rows, and what third parties pay of each. Raises as `simulate` does."""
    rate = stated_rate(product) if rate_percent is None else rate_percent
    computed = replace(product, rate_percent=rate, rounding=product.rounding or TO_THE_CENT)
    # With interest the remainder is on the last row: asked for on the first, it is a breach beside the schedule.
    terms, rows = loan_terms.planned(
        computed,
        asked,
        first_due_on=days.first_due_on,
        anchor_day=days.anchor_day,
        remainder_on=RemainderOn.LAST if rate else None,
    )
    return terms, rows, interest_aids.parts(rows, product, rate_percent=rate)


def _breaches(
    product: Product,
    terms: LoanTerms,
    asked: AskedTerms,
    days: LoanDays,
    rate: Decimal,
    *,
    aid: Aid,
    law: NationalLaw,
    reference: str,
) -> list[Breach]:
    at_the_rate = replace(product, rate_percent=rate)
    told = _with_terms(aid, terms, asked.remainder_on)
    return [
        *eligibility.breaches(at_the_rate, told, reference=reference),
        *law_limits.breaches(
            product, amount_cents=terms.amount_cents, duration_months=terms.duration_months, on=days.on, law=law
        ),
        *_of_rate(product, rate, reference),
    ]


def _with_terms(aid: Aid, terms: LoanTerms, asked_on: RemainderOn | None) -> Aid:
    return replace(
        aid,
        loan_amount_cents=terms.amount_cents,
        duration_months=terms.duration_months,
        instalment_cents=terms.instalment_cents,
        rounding_unit_cents=terms.rounding_unit_cents,
        rounding=terms.rounding,
        remainder_on=asked_on or terms.remainder_on,
    )


def _of_rate(product: Product, rate: Decimal, reference: str) -> list[Breach]:
    limit = product.rate_percent
    if limit is None or rate == limit:
        return []
    text = text_of(product, "rate_percent") or reference
    return [Breach("rate_percent", percent_text(limit), percent_text(rate), Severity.REFUSE, text)]
