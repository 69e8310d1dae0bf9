"""Early repayment (*remboursement anticipé*): the payer settles, shortens, reduces, or pays instalments in advance."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from statistics import mode

from app.domain.amortization import (
    ImpossiblePlan,
    Instalment,
    Rounding,
    chosen,
    monthly_interest,
    refuse_outside,
    schedule,
)
from app.domain.payoff import Payoff, payoff, refuse_arrears
from app.domain.schedule_versions import (
    Pause,
    Position,
    Prepayment,
    ScheduleVersion,
    due_by,
    following,
    position,
    repaid_early,
    unrepaid,
)


class Choice(StrEnum):
    """What the payer wants of the money."""

    SETTLE = "settle"
    SHORTEN = "shorten"
    REDUCE = "reduce"
    ADVANCE = "advance"


@dataclass(frozen=True, slots=True)
class Cover:
    """What of one instalment is paid in advance, in cents."""

    number: int
    cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyRepayment:
    """What an early repayment does, in cents.

    ``principal_cents`` and ``interest_cents`` are what it repays beside the instalments; ``covers`` what it pays of
    them in advance; ``left_cents`` all that stays to pay, interest included, and ``balance_cents`` its principal.
    The rows already paid are the first of ``version``; the others go on from their number, on the dates in force.
    """

    choice: Choice
    version: ScheduleVersion
    principal_cents: int
    interest_cents: int
    interest_saved_cents: int
    left_cents: int
    balance_cents: int
    covers: tuple[Cover, ...] = ()


def repay_early(
    version: ScheduleVersion,
    *,
    on: date,
    amount_cents: int,
    choice: Choice,
    paid_cents: int,
    rounding_unit_cents: int = 1,
    rounding: Rounding = Rounding.HALF_UP,
) -> EarlyRepayment:
    """The next version, what it saves and what is left, when ``amount_cents`` is paid on ``on`` beyond what is due.

    ``paid_cents`` is all that was paid before. SETTLE takes the exact payoff. SHORTEN keeps the instalment of most
    rows to come, on fewer rows. REDUCE keeps the number of rows (fewer only where a few cents or whole euros leave
    nothing to the last), with the instalment of the balance left, rounded as asked, the remainder on the last.
    ADVANCE changes no row. The part repaid early bears interest for the days since the last due date, rounded down,
    and the rest its usual months, so no early repayment costs more than none. What was paid of the next instalment
    counts in it; instalments paid ahead keep their date and total, with less interest in them. To repay a part and
    then settle on the same day is to settle, but for cents of rounding. Project reference, § 2.3.
    Raises ImpossiblePlan, naming the field: ``on`` (before the last event), ``amount_cents``, ``paid_cents`` (arrears
    come first), ``rounding_unit_cents``, ``rounding``, ``choice`` (the instalment kept does not cover the interest,
    or is so far below some to come that it would cost more), ``duration_months`` (rows that cannot all be positive).
    """
    choice, rounding = chosen(Choice, choice, "choice"), chosen(Rounding, rounding, "rounding")
    refuse_outside("rounding_unit_cents", rounding_unit_cents, 1)
    refuse_outside("amount_cents", amount_cents, 1)
    quote = payoff(version, on=on, paid_cents=paid_cents)
    if choice is Choice.SETTLE:
        refuse_outside("amount_cents", amount_cents, quote.amount_cents, quote.amount_cents)
        return _settled(version, quote, choice)
    refuse_arrears(version, on=on, paid_cents=paid_cents)
    done = position(version, paid_cents)
    if choice is Choice.ADVANCE:
        return _advanced(version, done, amount_cents, paid_cents)
    refuse_outside("amount_cents", amount_cents, 1, quote.amount_cents)
    if amount_cents == quote.amount_cents:
        return _settled(version, quote, choice)
    change = _change(version, done, amount_cents, quote)
    kept = change.usual_cents()
    instalment = kept if choice is Choice.SHORTEN else change.reduced_cents(kept, rounding_unit_cents, rounding)
    after = change.no_dearer(instalment)
    return EarlyRepayment(
        choice=choice,
        version=after,
        principal_cents=change.early.principal_cents,
        interest_cents=change.early.interest_cents,
        interest_saved_cents=version.interest_cents - after.interest_cents,
        left_cents=sum(row.total_cents for row in after.rows[done.rows :]),
        balance_cents=change.balance_cents,
    )


def partial_refusal_limit_cents(version: ScheduleVersion, *, paid_cents: int) -> int:
    """The amount in cents up to which a lender may refuse a partial early repayment: three times the next instalment.

    A fact for the lender, not a refusal (art. L312-34, D312-15 as read by the project reference, § 2.3 and § 6.5).
    Raises ImpossiblePlan on ``paid_cents``.
    """
    ahead = version.rows[position(version, paid_cents).rows :]
    return 3 * ahead[0].total_cents if ahead else 0


@dataclass(frozen=True, slots=True)
class _Change:
    version: ScheduleVersion
    kept: tuple[Instalment, ...]
    early: Prepayment

    @property
    def balance_cents(self) -> int:
        return unrepaid(self.version, self.kept, [*self.version.prepayments, self.early])

    @property
    def ahead(self) -> tuple[Instalment, ...]:
        return self.version.plain_rows()[len(self.kept) :]

    def usual_cents(self) -> int:
        """The instalment of most rows to come, the earliest where as many have another."""
        return mode(row.total_cents for row in self.ahead if row.principal_cents)

    def reduced_cents(self, kept: int, unit: int, rounding: Rounding) -> int:
        """The instalment of the balance over the rows to come, never above the one kept.

        Rounded to the unit, it may fall short of the plan in force by cents that cost interest: then it is the
        nearest that costs no more than before, even if that leaves nothing for the last rows.
        """
        count = sum(1 for row in self.ahead if row.principal_cents)
        level = schedule(
            principal_cents=self.balance_cents,
            rate_percent=self.version.rate_percent,
            # Any day: only the amount is read, and the earliest day leaves room for every row.
            first_due_on=date.min,
            duration_months=count,
            rounding_unit_cents=unit,
            rounding=rounding,
        )[0].total_cents
        if level >= kept:
            return kept
        if self._costs_no_more(level):
            return level
        candidates = range(level, kept, unit)
        chosen = bisect_left(candidates, x=True, key=self._costs_no_more)
        return candidates[chosen] if chosen < len(candidates) else kept

    def next(self, instalment: int) -> ScheduleVersion:
        """The next version with that instalment."""
        rows = (*self.kept, *self._rows(instalment))
        dates = {row.due_on for row in rows}
        # A month of interest alone whose interest is less than a cent now is a pause.
        alone = [Pause(slot.due_on, 0) for slot in self.ahead if slot.due_on not in dates and not slot.principal_cents]
        return following(
            self.version,
            rows,
            on=self.early.on,
            # A pause on the day itself is over: it was borne by the balance before.
            recount_from=self.early.on + timedelta(days=1),
            pauses=[*self.version.pauses, *alone],
            prepayments=(*self.version.prepayments, self.early),
        )

    def no_dearer(self, instalment: int) -> ScheduleVersion:
        """The same, refused if it costs more than the version in force: the rows of a lender may be of any size."""
        after = self.next(instalment)
        if after.interest_cents > self.version.interest_cents:
            dearer = f"Instalments of {instalment} cents would cost more than no early repayment."
            raise ImpossiblePlan("choice", None, dearer)
        return after

    def _costs_no_more(self, instalment: int) -> bool:
        return self.next(instalment).interest_cents <= self.version.interest_cents

    def _rows(self, instalment: int) -> Iterator[Instalment]:
        """Rows on the dates in force until the balance is nil; a month of interest alone stays one."""
        balance, number = self.balance_cents, len(self.kept)
        last_number = self.ahead[-1].number
        for slot in self.ahead:
            interest = monthly_interest(balance, self.version.rate_percent)
            if not slot.principal_cents and not interest:
                continue
            if not slot.principal_cents:
                principal = 0
            elif slot.number == last_number or balance + interest <= instalment:
                principal = balance
            elif instalment > interest:
                principal = instalment - interest
            else:
                least = f"Instalments of {instalment} cents do not repay the loan: at least {interest + 1} are needed."
                raise ImpossiblePlan("choice", None, least)
            balance, number = balance - principal, number + 1
            yield Instalment(number, slot.due_on, principal, interest, principal + interest, balance)
            if not balance:
                return


def _change(version: ScheduleVersion, done: Position, amount_cents: int, quote: Payoff) -> _Change:
    whole = amount_cents + done.part_cents
    change = _Change(version, *repaid_early(version, paid_rows=done.rows, on=quote.on, cents=whole))
    if change.balance_cents < 1:
        message = f"{amount_cents} cents repay all the principal: settling takes {quote.amount_cents}."
        raise ImpossiblePlan("amount_cents", quote.amount_cents, message)
    return change


def _settled(version: ScheduleVersion, quote: Payoff, choice: Choice) -> EarlyRepayment:
    """Only the rows due by then stay; instalments paid ahead are part of what settles."""
    due = due_by(version, quote.on)
    interest = quote.accrued_cents + quote.carried_cents
    after = version
    if due < len(version.rows):
        early = (*version.prepayments, Prepayment(quote.on, due, quote.balance_cents, interest))
        rows = version.rows[:due]
        after = following(version, rows, on=quote.on, recount_from=date.max, pauses=(), prepayments=early)
    return EarlyRepayment(
        choice=choice,
        version=after,
        principal_cents=quote.balance_cents,
        interest_cents=interest,
        interest_saved_cents=quote.interest_saved_cents,
        left_cents=0,
        balance_cents=0,
    )


def _advanced(version: ScheduleVersion, done: Position, amount_cents: int, paid_cents: int) -> EarlyRepayment:
    ahead = version.rows[done.rows :]
    left = sum(row.total_cents for row in ahead) - done.part_cents
    refuse_outside("amount_cents", amount_cents, 1, max(0, left))
    covers, rest, taken = [], amount_cents, done.part_cents
    for row in ahead:
        part = min(rest, row.total_cents - taken)
        if part:
            covers.append(Cover(row.number, part))
        rest, taken = rest - part, 0
    then = position(version, paid_cents + amount_cents)
    interest_of_next = version.rows[then.rows].interest_cents if then.rows < len(version.rows) else 0
    return EarlyRepayment(
        choice=Choice.ADVANCE,
        version=version,
        principal_cents=0,
        interest_cents=0,
        interest_saved_cents=0,
        left_cents=left - amount_cents,
        balance_cents=version.balance(then.rows) - max(0, then.part_cents - interest_of_next),
        covers=tuple(covers),
    )
