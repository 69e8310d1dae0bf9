"""What borrowers owe next, for all the loans at once: the figures and lists that would read loan by loan otherwise."""

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Date, Integer, Subquery, Uuid, and_, case, column, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.services import suspensions
from app.tables import Loan, Position, Statement, StatementPosition
from app.tenancy import bound_tenant, of_tenant

# What `app/domain/books.py` makes of one loan, made by the database of all those that run on a day: what is paid meets
# the instalment that it names, then the oldest, after what was repaid early; what is lost is of the oldest unpaid.
_LEFT = """
WITH stages AS (
  SELECT DISTINCT ON (loan_id) loan_id, to_stage FROM loan_transitions
  WHERE tenant_id = :tenant_id AND effect_on <= :on
  ORDER BY loan_id, effect_on DESC, id DESC
), in_force AS (
  SELECT DISTINCT ON (a.loan_id) a.loan_id, a.schedule_id FROM schedule_activations a
  JOIN stages ON stages.loan_id = a.loan_id AND stages.to_stage = 'disbursed'
  WHERE a.tenant_id = :tenant_id AND (a.effective_on IS NULL OR a.effective_on <= :on)
  ORDER BY a.loan_id, a.id DESC
), facts AS (
  SELECT e.loan_id, e.kind, e.amount_cents, e.off_books_cents, e.instalment_ref FROM ledger_entries e
  JOIN in_force ON in_force.loan_id = e.loan_id
  WHERE e.tenant_id = :tenant_id AND e.effect_on <= :on AND e.kind <> 'reversal'
    AND NOT EXISTS (SELECT FROM ledger_entries r
                    WHERE r.tenant_id = e.tenant_id AND r.reverses_id = e.id AND r.effect_on <= :on)
), money AS (
  SELECT loan_id,
    coalesce(sum(amount_cents) FILTER (WHERE kind = 'disbursement'), 0) AS disbursed,
    coalesce(sum(CASE kind WHEN 'repayment' THEN amount_cents WHEN 'credit_refund' THEN -amount_cents END), 0) AS kept,
    coalesce(sum(amount_cents) FILTER (WHERE kind IN ('discharge', 'remission')), 0) AS ended,
    coalesce(sum(amount_cents - off_books_cents)
      FILTER (WHERE kind IN ('write_off', 'discharge', 'remission', 'loss')), 0) AS lost
  FROM facts GROUP BY loan_id
), named AS (
  SELECT loan_id, instalment_ref, sum(amount_cents) AS told FROM facts
  WHERE kind = 'repayment' AND instalment_ref IS NOT NULL GROUP BY loan_id, instalment_ref
), early AS (
  SELECT s.id, coalesce(sum((p.value ->> 'principal_cents')::bigint), 0) AS principal,
    coalesce(sum((p.value ->> 'interest_cents')::bigint), 0) AS interest
  FROM in_force JOIN schedules s ON s.tenant_id = :tenant_id AND s.id = in_force.schedule_id
  LEFT JOIN jsonb_array_elements(s.prepayments) p ON true GROUP BY s.id
), slots AS (
  SELECT in_force.loan_id, w.ref, w.number, w.due_on, w.principal_cents AS principal, w.borrower_cents AS total,
    w.borrower_cents - w.principal_cents AS interest, least(coalesce(named.told, 0), w.borrower_cents) AS told,
    money.lost, money.kept, money.ended, money.disbursed, early.principal + early.interest AS early,
    early.interest AS early_interest,
    early.principal + sum(w.principal_cents) OVER whole AS all_principal,
    early.interest + sum(w.borrower_cents - w.principal_cents) OVER whole AS all_interest
  FROM in_force
  JOIN money ON money.loan_id = in_force.loan_id AND money.disbursed > 0
  JOIN early ON early.id = in_force.schedule_id
  JOIN schedule_rows w ON w.tenant_id = :tenant_id AND w.schedule_id = in_force.schedule_id
  LEFT JOIN named ON named.loan_id = in_force.loan_id AND named.instalment_ref = w.ref
  WINDOW whole AS (PARTITION BY in_force.loan_id)
), pools AS (
  SELECT slots.*, sum(told) OVER so_far AS told_so_far, greatest(0, least(kept,
    CASE WHEN disbursed > ended
      THEN greatest(0, least(all_principal - ended, disbursed - ended)) + all_interest ELSE 0 END)) AS pool
  FROM slots WINDOW so_far AS (PARTITION BY loan_id ORDER BY number)
), met_by_name AS (
  SELECT pools.*, least(told_so_far, pool) - least(told_so_far - told, pool) AS met FROM pools
), needs AS (
  SELECT met_by_name.*, total - met AS need, sum(total - met) OVER so_far AS need_so_far,
    greatest(0, pool - early - sum(met) OVER (PARTITION BY loan_id)) AS rest
  FROM met_by_name WINDOW so_far AS (PARTITION BY loan_id ORDER BY number)
), paid AS (
  SELECT needs.*, met + least(need_so_far, rest) - least(need_so_far - need, rest) AS paid FROM needs
), owed AS (
  SELECT paid.*, principal - (paid - least(paid, interest)) AS principal_left FROM paid
), backwards AS (
  SELECT owed.*, sum(principal_left) OVER (PARTITION BY loan_id ORDER BY number DESC) AS left_from_last,
    greatest(0, all_principal - disbursed) AS undrawn FROM owed
), drawn AS (
  -- What was never paid out is of the last instalments.
  SELECT backwards.*, least(left_from_last, undrawn) - least(left_from_last - principal_left, undrawn) AS never
  FROM backwards
), losses AS (
  SELECT drawn.*, sum(principal_left - never) OVER (PARTITION BY loan_id ORDER BY number) AS left_so_far,
    sum(paid) OVER whole AS all_paid, sum(least(paid, interest)) OVER whole AS interest_paid
  FROM drawn WINDOW whole AS (PARTITION BY loan_id)
), lost AS (
  -- Once the books hold nothing of a loan, nothing of it is left to pay.
  SELECT losses.*,
    least(left_so_far, lost) - least(left_so_far - (principal_left - never), lost) + never AS gone FROM losses
  WHERE disbursed - lost > pool - interest_paid - least(pool - all_paid, early_interest)
)
SELECT loan_id, ref, due_on,
  (total - paid - CASE WHEN gone > 0 AND gone = principal_left THEN total - paid ELSE gone END)::bigint AS left_cents
FROM lost
"""

# What the decisions on support that stand on a day still promise of each instalment, once what the CCAS has paid of
# them is taken off: see `app.domain.arrears`.
_PROMISED = """
WITH payments AS (
  SELECT e.loan_id, e.instalment_ref, e.amount_cents, e.effect_on FROM ledger_entries e
  WHERE e.tenant_id = :tenant_id AND e.effect_on <= :on AND e.kind = 'repayment' AND e.payer = 'ccas'
    AND NOT EXISTS (SELECT FROM ledger_entries r
                    WHERE r.tenant_id = e.tenant_id AND r.reverses_id = e.id AND r.effect_on <= :on)
), lines AS (
  SELECT s.loan_id, l.instalment_ref AS ref, l.amount_cents AS amount, l.id, d.decided_on, c.decided_on AS cancelled_on
  FROM supported_instalments l
  JOIN supports s ON s.tenant_id = :tenant_id AND s.id = l.support_id
  JOIN loan_decisions d ON d.tenant_id = :tenant_id AND d.id = s.decision_id
  LEFT JOIN support_cancellations k ON k.tenant_id = :tenant_id AND k.support_id = s.id
  LEFT JOIN loan_decisions c ON c.tenant_id = :tenant_id AND c.id = k.decision_id
  WHERE l.tenant_id = :tenant_id
), taken_back AS (
  SELECT lines.*, least(amount, coalesce((SELECT sum(p.amount_cents) FROM payments p WHERE p.loan_id = lines.loan_id
    AND p.instalment_ref = lines.ref AND p.effect_on < lines.cancelled_on), 0)) AS paid
  FROM lines WHERE cancelled_on IS NOT NULL
), standing AS (
  SELECT lines.*, sum(amount) OVER (PARTITION BY loan_id, ref ORDER BY decided_on, id) AS so_far,
    greatest(0, coalesce((SELECT sum(p.amount_cents) FROM payments p
                          WHERE p.loan_id = lines.loan_id AND p.instalment_ref = lines.ref), 0)
      - coalesce((SELECT sum(t.paid) FROM taken_back t WHERE t.loan_id = lines.loan_id AND t.ref = lines.ref), 0))
      AS named,
    coalesce((SELECT sum(p.amount_cents) FROM payments p WHERE p.loan_id = lines.loan_id), 0)
      - coalesce((SELECT sum(t.paid) FROM taken_back t WHERE t.loan_id = lines.loan_id), 0) AS whole
  FROM lines WHERE cancelled_on IS NULL
), met_by_name AS (
  SELECT standing.*, least(so_far, named) - least(so_far - amount, named) AS met FROM standing
), needs AS (
  SELECT met_by_name.*, amount - met AS need,
    sum(amount - met) OVER (PARTITION BY loan_id ORDER BY ref, decided_on, id) AS need_so_far,
    greatest(0, whole - sum(met) OVER (PARTITION BY loan_id)) AS rest
  FROM met_by_name
), promised AS (
  SELECT loan_id, ref, decided_on, cancelled_on, need - least(need_so_far, rest) + least(need_so_far - need, rest)
    AS cents FROM needs
  UNION ALL
  SELECT loan_id, ref, decided_on, cancelled_on, amount - paid FROM taken_back
)
SELECT loan_id, ref, sum(cents)::bigint AS promised_cents FROM promised
WHERE decided_on <= :on AND (cancelled_on IS NULL OR cancelled_on > :on) GROUP BY loan_id, ref
"""


def first_unpaid(session: AsyncSession, *, on: date) -> Subquery:
    """`loan_id` and `due_on` of the first instalment not wholly paid on a day, of the schedule in force as the borrower
    pays it. Loans that are not paid out, repaid, cancelled or in litigation by that day have none.
    """
    left = _left(session, on=on)
    first = select(left.c.loan_id, func.min(left.c.due_on).label("due_on")).where(left.c.left_cents > 0)
    return first.group_by(left.c.loan_id).subquery("first_unpaid")


def late(session: AsyncSession, *, on: date) -> Subquery:
    """The instalments known to be late on a day that support does not wholly cover: `loan_id`, `ref`, `due_on`,
    `left_cents`, `covered_cents`, and `position_on`, up to which the collector of the loan has told.

    An instalment is late from the day after it was due, and known to be where the position is not before it was due.
    """
    left, promised = _left(session, on=on), _promised(session, on=on)
    covered = func.least(left.c.left_cents, func.coalesce(promised.c.promised_cents, 0))
    position = _position(session)
    statement = (
        select(
            left.c.loan_id,
            left.c.ref,
            left.c.due_on,
            left.c.left_cents,
            covered.label("covered_cents"),
            position.label("position_on"),
        )
        .select_from(left)
        .join(Loan, and_(of_tenant(session, Loan), col(Loan.id) == left.c.loan_id))
        .outerjoin(promised, and_(promised.c.loan_id == left.c.loan_id, promised.c.ref == left.c.ref))
        .where(left.c.left_cents > covered, left.c.due_on < on, left.c.due_on <= position)
    )
    return statement.subquery("late")


def oldest_late(session: AsyncSession, *, on: date) -> Subquery:
    """`loan_id` and `due_on` of the oldest late instalment of each loan, where nothing suspends it."""
    known = late(session, on=on)
    statement = (
        select(known.c.loan_id, func.min(known.c.due_on).label("due_on"))
        .where(known.c.loan_id.not_in(suspensions.suspended_loans(session, on=on)))
        .group_by(known.c.loan_id)
    )
    return statement.subquery("oldest_late")


def _left(session: AsyncSession, *, on: date) -> Subquery:
    """What is left of each instalment of the loans that run on a day: neither paid nor lost, in cents."""
    columns = (
        column("loan_id", Uuid),
        column("ref", Integer),
        column("due_on", Date),
        column("left_cents", BigInteger),
    )
    bound = text(_LEFT).bindparams(tenant_id=bound_tenant(session), on=on)
    return bound.columns(*columns).subquery("left_to_pay")


def _promised(session: AsyncSession, *, on: date) -> Subquery:
    columns = (column("loan_id", Uuid), column("ref", Integer), column("promised_cents", BigInteger))
    bound = text(_PROMISED).bindparams(tenant_id=bound_tenant(session), on=on)
    return bound.columns(*columns).subquery("promised")


def _position(session: AsyncSession) -> Any:
    """The day up to which whoever collects a loan has told: the public accountant, or the partner that lends."""
    whole = and_(
        col(StatementPosition.tenant_id) == Statement.tenant_id, col(StatementPosition.statement_id) == Statement.id
    )
    lender = (
        select(func.max(Statement.position_on))
        .join(StatementPosition, whole)
        .where(of_tenant(session, Statement), col(Statement.partner_id) == Loan.partner_id)
        .correlate(Loan)
        .scalar_subquery()
    )
    accountant = select(func.max(Position.position_on)).where(of_tenant(session, Position)).scalar_subquery()
    return case((col(Loan.partner_id).is_(None), accountant), else_=lender)
