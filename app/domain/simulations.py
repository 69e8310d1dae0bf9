"""What a loan would be: its schedule, who would pay what of it, its APR, and what law and rules say of it.

Nothing is decided here: a simulation tells every breach beside the whole schedule.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from app.domain import apr, eligibility, interest_subsidies, loan_terms
from app.domain.aids import Aid
from app.domain.amortization import ImpossiblePlan, Instalment, RemainderOn, Rounding
from app.domain.apr import Apr, Flow
from app.domain.breaches import Breach, Severity
from app.domain.eligibility import text_of
from app.domain.errors import ImpossibleSchedule, RuleNotStated
from app.domain.interest_subsidies import Shares
from app.domain.lenders import Lender, Lending
from app.domain.loan_terms import AskedTerms, LoanTerms
from app.domain.products import DecidingBody, Product, RoundingRule
from app.domain.schedule_versions import month_shift
from app.domain.usury import Usury, UsuryStatus, UsuryTable, usury

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
USURY_TEXT = "Code de la consommation, articles L314-6 et D314-15"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """The days of a loan: of the rules and the offer, of the payment, of the first instalment.

    `anchor_day` is the day of the month on which the instalments fall, or else on the last of their month.
    """

    on: date
    disbursed_on: date
    first_due_on: date
    anchor_day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """The outcome. `parts` is what third parties pay of each row; `borrower_apr` counts the borrower's flows alone."""

    dates: Dates
    terms: LoanTerms
    rows: Sequence[Instalment]
    parts: Sequence[Shares]
    apr: Apr
    borrower_apr: Apr
    usury: Usury
    breaches: list[Breach]
    warnings: list[Breach]


def dates(
    on: date, *, disbursed_on: date | None = None, first_due_on: date | None = None, anchor_day: int | None = None
) -> Dates:
    """The days, where not given: the payment on the day of the offer, the first instalment a month after it.

    The anchor, where not given, is the day of the first instalment, else that of the payment: money paid on 31/01 is
    due on 28/02, then on 31/03. Raises ImpossiblePlan past the calendar.
    """
    paid_on = disbursed_on or on
    anchor = anchor_day or (first_due_on or paid_on).day
    due_on = first_due_on or _first_due(paid_on, anchor)
    return Dates(on=on, disbursed_on=paid_on, first_due_on=due_on, anchor_day=anchor)


def simulate(
    product: Product,
    asked: AskedTerms,
    days: Dates,
    *,
    rate_percent: Decimal | None,
    fee_cents: int,
    aid: Aid,
    table: UsuryTable,
    reference: str,
) -> Simulation:
    """The loan asked for, under the rules of a product, at the rate given or else at that of the rules.

    Raises RuleNotStated where neither says the rate, ImpossibleSchedule naming the field and its bound.
    """
    rate = product.rate_percent if rate_percent is None else rate_percent
    if rate is None:
        raise RuleNotStated(path="rate_percent")
    computed = replace(product, rate_percent=rate, rounding=product.rounding or TO_THE_CENT)
    terms, rows = loan_terms.planned(computed, asked, first_due_on=days.first_due_on, anchor_day=days.anchor_day)
    parts = interest_subsidies.shares(rows, product.interest_borne_by)
    whole = _apr(rows, days, fee_cents=fee_cents)
    borrowers = _apr(interest_subsidies.borrower_rows(rows, parts), days, fee_cents=fee_cents)
    tested = usury(apr_percent=whole.percent, amount_cents=terms.amount_cents, offered_on=days.on, table=table)
    found = [
        *eligibility.breaches(product, _with_terms(aid, terms), reference=reference),
        *_of_rate(product, rate, reference),
        *_of_usury(tested, whole),
    ]
    return Simulation(
        dates=days,
        terms=terms,
        rows=rows,
        parts=parts,
        apr=whole,
        borrower_apr=borrowers,
        usury=tested,
        breaches=[breach for breach in found if breach.severity is Severity.REFUSE],
        warnings=[breach for breach in found if breach.severity is Severity.WARN],
    )


def _apr(rows: Sequence[Instalment], days: Dates, *, fee_cents: int) -> Apr:
    try:
        return apr.apr(_flows(rows, days, fee_cents=fee_cents))
    except ImpossiblePlan as impossible:
        raise _as_asked(impossible, rows, days, fee_cents=fee_cents) from impossible


def _as_asked(
    impossible: ImpossiblePlan, rows: Sequence[Instalment], days: Dates, *, fee_cents: int
) -> ImpossibleSchedule:
    """The fault of a flow, told of what was asked: a fee that eats the loan, a first instalment too near or too far."""
    if impossible.field == "years":
        months = apr.FLOW_YEARS_MAX * 12 - len(rows) + 1
        latest = month_shift(days.disbursed_on, months, days.anchor_day)
        return ImpossibleSchedule(field="first_due_on", bound=latest.isoformat())
    if fee_cents:
        return ImpossibleSchedule(field="fee_cents", bound=_fee_max(rows, days))
    soonest = _first_due(days.disbursed_on, days.anchor_day)
    return ImpossibleSchedule(field="first_due_on", bound=soonest.isoformat())


def _fee_max(rows: Sequence[Instalment], days: Dates) -> int:
    """The largest fee in cents with which the loan still has an APR; a dearer one only raises it."""

    def has_none(fee_cents: int) -> bool:
        try:
            apr.apr(_flows(rows, days, fee_cents=fee_cents))
        except ImpossiblePlan:
            return True
        return False

    return max(0, bisect_left(range(_lent(rows)), x=True, key=has_none) - 1)


def _first_due(paid_on: date, anchor_day: int) -> date:
    """The first anchor day that is not before a month after the payment."""
    month_later = month_shift(paid_on, 1, paid_on.day)
    same_month = month_shift(month_later, 0, anchor_day)
    return same_month if same_month >= month_later else month_shift(month_later, 1, anchor_day)


def _flows(rows: Sequence[Instalment], days: Dates, *, fee_cents: int) -> list[Flow]:
    return apr.monthly_flows(
        disbursements=[(days.disbursed_on, _lent(rows))],
        fee_cents=fee_cents,
        instalments=[(row.due_on, row.total_cents) for row in rows],
    )


def _lent(rows: Sequence[Instalment]) -> int:
    return rows[0].principal_cents + rows[0].balance_cents


def _with_terms(aid: Aid, terms: LoanTerms) -> Aid:
    return replace(
        aid,
        loan_amount_cents=terms.amount_cents,
        duration_months=terms.duration_months,
        instalment_cents=terms.instalment_cents,
        rounding_unit_cents=terms.rounding_unit_cents,
        rounding=terms.rounding,
        remainder_on=terms.remainder_on,
    )


def _of_rate(product: Product, rate: Decimal, reference: str) -> list[Breach]:
    limit = product.rate_percent
    if limit is None or rate == limit:
        return []
    text = text_of(product, "rate_percent") or reference
    return [Breach("rate_percent", percent_text(limit), percent_text(rate), Severity.REFUSE, text)]


def _of_usury(tested: Usury, found: Apr) -> list[Breach]:
    if tested.status is UsuryStatus.USURIOUS:
        return [Breach("usury", str(tested.threshold_percent), str(found.percent), Severity.REFUSE, USURY_TEXT)]
    if tested.status is UsuryStatus.UNKNOWN_RATE:
        return [Breach("usury", None, str(found.percent), Severity.WARN, USURY_TEXT)]
    return []


def percent_text(value: Decimal) -> str:
    """A rate as JSON shows it: no exponent, no needless zeros."""
    return format(value.normalize(), "f")
