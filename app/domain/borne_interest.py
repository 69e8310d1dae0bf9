"""Interest borne by third parties (prise en charge des intérêts), month by month, and what is refunded at the end.

A third party owes its part of each instalment of a loan that was paid out, in the month in which it is due, under the
schedule in force at the end of that month. Nothing falls due any more of a loan that has ended: an instalment is still
due where the time that it is the interest of had begun before.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from app.domain import interest_aids
from app.domain.amortization import Instalment
from app.domain.borne_interest_errors import RefundConditionNotMet, RefundNotPromised, RefundPayerNotNamed
from app.domain.business_days import next_target_day
from app.domain.interest_aids import Refund
from app.domain.interest_subsidies import Shares
from app.domain.ledger import EntryKind, Fact, standing
from app.domain.lenders import PaidWhen, RefundCondition
from app.domain.products import Product
from app.domain.schedule_versions import month_shift

# What the ledger and the statements tell; the others are for the CCAS to attest.
COMPUTED = frozenset({RefundCondition.FULLY_REPAID, RefundCondition.NEVER_LATE})
ATTESTED = tuple(condition for condition in RefundCondition if condition not in COMPUTED)

_HEADER = ("PRETEUR", "PAYEUR", "EXERCICE", "MOIS", "NUM_PRET", "REF_ECHEANCE", "DATE_ECHEANCE", "MONTANT_INTERETS")


@dataclass(frozen=True, slots=True)
class BorneRow:
    """An instalment by its lasting number, and what third parties pay of its interest."""

    ref: int
    due_on: date
    shares: Shares


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A schedule that came into force on a day; null: from the start."""

    effective_on: date | None
    rows: tuple[BorneRow, ...]


@dataclass(frozen=True, slots=True)
class BornePart:
    """What one third party pays of the interest of one instalment, in cents."""

    loan_id: UUID
    payer: str
    instalment_ref: int
    due_on: date
    cents: int


def month_end(day: date) -> date:
    """The last day of its month."""
    return month_shift(day, 0, 31)


def lines_csv(rows: Iterable[Sequence[object]]) -> str:
    """A file for a spreadsheet: a header, `;` between fields, CRLF, days as DD/MM/YYYY, euros with a decimal comma."""
    return "".join(";".join(str(field) for field in row) + "\r\n" for row in (_HEADER, *rows))


def in_euros(cents: int) -> str:
    """An amount as such a file has it: 760 is 7,60."""
    units, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{units},{rest:02}"


def due(loan_id: UUID, versions: Sequence[Version], *, disbursed_on: date, ended_on: date | None) -> list[BornePart]:
    """What third parties owe of a loan, instalment by instalment; `versions` in the order in which they took effect.

    `ended_on` is the day on which it was repaid, lost or withdrawn from; null where it runs.
    """
    found: list[BornePart] = []
    for place, version in enumerate(versions):
        since = disbursed_on
        for row in version.rows:
            is_due = ended_on is None or since < ended_on
            if is_due and _in_force(versions, month_end(row.due_on)) == place:
                found += [BornePart(loan_id, share.payer, row.ref, row.due_on, share.cents) for share in row.shares]
            since = row.due_on
    return found


def _in_force(versions: Sequence[Version], on: date) -> int:
    """The place of the version in force on a day: the last that took effect by then."""
    started = (place for place, one in enumerate(versions) if one.effective_on is None or one.effective_on <= on)
    return max(started)


def to_bill(owed: Iterable[BornePart], billed: Iterable[BornePart], months: Collection[date]) -> list[BornePart]:
    """What is still to bill of some months, named by their last days: what is owed today less what was billed, by
    instalment, in cents; below 0 where too much was.
    """
    left: dict[tuple[UUID, date], BornePart] = {}
    for sign, parts in ((1, owed), (-1, billed)):
        for part in parts:
            if month_end(part.due_on) in months:
                known = left.get((part.loan_id, part.due_on), replace(part, cents=0))
                left[part.loan_id, part.due_on] = replace(known, cents=known.cents + sign * part.cents)
    return sorted((part for part in left.values() if part.cents), key=lambda part: (part.due_on, part.loan_id))


def ended_on(days: Iterable[date | None]) -> date | None:
    """The first of the days on which a loan ended in some way."""
    return min((day for day in days if day is not None), default=None)


def settled_on(facts: Sequence[Fact], paid_off_on: date | None, told_nil_on: date | None) -> date | None:
    """The day on which a loan was wholly repaid: that of our copy, or as the lender told it.

    `told_nil_on` is the first position at which the lender told that nothing was owed: the last repayment by then
    settled it.
    """
    if told_nil_on is None:
        return paid_off_on
    repaid = [fact.effect_on for fact in standing(facts, on=told_nil_on) if fact.kind is EntryKind.REPAYMENT]
    return ended_on([paid_off_on, max(repaid, default=told_nil_on)])


def never_late(rows: Iterable[Instalment], facts: Sequence[Fact], *, until: date) -> bool:
    """Whether each instalment due by a day was repaid on its due date, or on the first day on which banks then
    collect (TARGET). A repayment that was taken back since was none.
    """
    repaid = [fact for fact in standing(facts, on=until) if fact.kind is EntryKind.REPAYMENT]
    owed = 0
    for row in rows:
        if row.due_on > until:
            break
        owed += row.total_cents
        by = next_target_day(row.due_on)
        if sum(fact.amount_cents for fact in repaid if fact.effect_on <= by) < owed:
            return False
    return True


def interest_paid(
    rows: Sequence[Instalment], *, settled: date, disbursed_on: date, paid_cents: int
) -> list[Instalment]:
    """The rows whose time had begun when a loan was settled, with no more interest than was paid in all, in cents."""
    found, since, left = [], disbursed_on, paid_cents
    for row in rows:
        if since < settled:
            interest = min(row.interest_cents, left)
            found.append(replace(row, interest_cents=interest, total_cents=row.principal_cents + interest))
            left -= interest
        since = row.due_on
    return found


def check_promised(product: Product) -> None:
    """Raises RefundNotPromised where the rules give nothing back at the end."""
    if not any(aid.paid is PaidWhen.AT_THE_END for aid in product.interest_aids):
        raise RefundNotPromised


def refund(rows: Sequence[Instalment], product: Product, payer: str | None, *, rate_percent: Decimal) -> Refund:
    """The refund that the rules promise of the interest that the borrower paid, by that payer where several promise.

    Raises RefundNotPromised, RefundPayerNotNamed.
    """
    promised = interest_aids.refunds(rows, [()] * len(rows), product, rate_percent=rate_percent, fee_cents=0)
    named = [one for one in promised if payer in (None, one.payer)]
    if not named:
        raise RefundNotPromised
    if len({one.payer for one in named}) > 1:
        raise RefundPayerNotNamed(payers=[one.payer for one in named])
    conditions = dict.fromkeys(condition for one in named for condition in one.conditions)
    return Refund(named[0].payer, sum(one.cents for one in named), tuple(conditions))


def check_conditions(asked: Iterable[RefundCondition], met: Iterable[RefundCondition]) -> None:
    """Raises RefundConditionNotMet with the first that is not."""
    known = frozenset(met)
    for condition in asked:
        if condition not in known:
            raise RefundConditionNotMet(condition=condition.value)
