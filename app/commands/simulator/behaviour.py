"""What the bank tells next, from where a handoff stands: pure, so that it may be killed and started again.

It keeps nothing. Every reference follows from the handoff and the day, every Idempotency-Key from what is told:
whatever it tells twice, it tells in the same words.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from hashlib import sha256
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.commands.simulator.scenario import Conduct, Scenario, SimulatorRefused
from app.domain.amortization import Instalment, schedule
from app.domain.handoff_lifecycle import STAGE_OF, HandoffAction, HandoffKind, HandoffStatus
from app.domain.interest_aids import parts
from app.domain.loan_lifecycle import LoanStage
from app.domain.products import Party, Product
from app.schemas.batches import ITEMS_MAX
from app.schemas.inbox import InboxRead

PARIS = ZoneInfo("Europe/Paris")
ASKED = "Dernier avis d'imposition"
_DUE_DAY = 5
_OPEN = (HandoffStatus.SENT, HandoffStatus.RECEIVED, HandoffStatus.IN_PROGRESS)
_UNCHECKED = (*_OPEN, HandoffStatus.AWAITING_CHECK)
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Push:
    """Something to tell: `what` it is for people, where it goes under /v1, and its body."""

    what: str
    path: str
    body: Json

    @property
    def key(self) -> str:
        """The Idempotency-Key: another body has another."""
        return sha256(f"{self.path}\n{json.dumps(self.body, sort_keys=True)}".encode()).hexdigest()

    @property
    def title(self) -> str:
        """What it is, and of which handoff; a statement is of many."""
        place = self.path.split("/")
        handoff_id = place[3] if place[2] == "handoffs" else self.body.get("handoff_id")
        return self.what if handoff_id is None else f"{self.what} of {handoff_id}"


@dataclass(frozen=True, slots=True)
class Seen:
    """A handoff as the bank reads it, where its loan stands (null before an offer), and the product of the rules."""

    handoff: InboxRead
    loan: LoanStage | None
    product: Product | None


def next_actions(seen: Seen, scenario: Scenario, rng: Random, *, today: date) -> list[Push]:
    """What the bank tells of a handoff on a day, nothing where others are to act. Raises SimulatorRefused.

    In disorder, an acceptance, its check and its offer come in any order: what comes too early is refused, and told
    again.
    """
    pushes = list(_due(seen, scenario, today=today))
    if scenario.reorder:
        pushes += [_offer(seen, scenario, accepted_on=today)] if _will_lend(seen, pushes) else []
        rng.shuffle(pushes)
    return pushes


def statements(lent: Sequence[Seen], scenario: Scenario, *, today: date) -> list[Push]:
    """A statement for each month that has ended since the first instalment of the loans that were paid out.

    What is due is paid on its day, but for the instalments of the scenario. The oldest due is paid first.
    """
    lines: dict[date, list[Json]] = {}
    for seen in lent:
        for position_on, line in _lines(seen, scenario, today=today):
            lines.setdefault(position_on, []).append(line)
    return [
        Push(
            f"statement of {position_on}",
            "/partner/repayments",
            {"position_on": str(position_on), "items": items[start:][:ITEMS_MAX]},
        )
        for position_on, items in sorted(lines.items())
        for start in range(0, len(items), ITEMS_MAX)
    ]


def offer_number(handoff_id: UUID) -> str:
    """The number of its offer on a handoff."""
    return _reference("O", handoff_id)


def _due(seen: Seen, scenario: Scenario, *, today: date) -> Iterator[Push]:
    handoff = seen.handoff
    if handoff.status is HandoffStatus.SENT:
        yield Push("acknowledgement", f"{_path(handoff)}/acknowledgements", {})
    if _waits(handoff, scenario, today):
        return
    if handoff.check_wanted or (handoff.kind in STAGE_OF and handoff.status in _UNCHECKED):
        yield _check(handoff, scenario, today)
    if handoff.kind is not HandoffKind.PRECHECK and handoff.status in _OPEN:
        yield _answer(handoff, scenario, today)
    if handoff.kind is not HandoffKind.LOAN_FILE:
        return
    if handoff.status is HandoffStatus.ACCEPTED and seen.loan is None:
        yield _offer(seen, scenario, accepted_on=_acted_on(handoff, HandoffAction.ACCEPT))
    elif seen.loan is LoanStage.ACCEPTED:
        yield _disbursement(handoff, today)


def _waits(handoff: InboxRead, scenario: Scenario, today: date) -> bool:
    sent_on = _acted_on(handoff, HandoffAction.SEND)
    return handoff.payload is None or today < sent_on + timedelta(days=scenario.delay_days)


def _acted_on(handoff: InboxRead, action: HandoffAction) -> date:
    return [step.effect_on for step in handoff.steps if step.action is action][-1]


def _will_lend(seen: Seen, pushes: Sequence[Push]) -> bool:
    lends = seen.handoff.kind is HandoffKind.LOAN_FILE and seen.loan is None
    return lends and any(push.body.get("decision") == "accepted" for push in pushes)


def _check(handoff: InboxRead, scenario: Scenario, today: date) -> Push:
    outcome = "unfavorable" if scenario.conduct is Conduct.REFUSE else "favorable"
    consulted_at = datetime.combine(today, time(), PARIS).astimezone(UTC)
    body = {
        "handoff_id": str(handoff.id),
        "stage": STAGE_OF[handoff.kind].value,
        "outcome": outcome,
        "consulted_at": f"{consulted_at:%Y-%m-%dT%H:%M:%SZ}",
        "consultation_ref": _reference("C", handoff.id, f"{today:%Y%m%d}"),
    }
    return Push("check", "/partner/ficp-checks", body)


def _answer(handoff: InboxRead, scenario: Scenario, today: date) -> Push:
    body = {"decided_on": str(today), "reference": _reference("D", handoff.id)}
    has_asked = any(step.action is HandoffAction.ASK for step in handoff.steps)
    if scenario.conduct is Conduct.REFUSE:
        body["decision"] = "refused"
    elif scenario.conduct is Conduct.ASK and not has_asked:
        body |= {"decision": "more_information", "asked": ASKED}
    else:
        body["decision"] = "accepted"
    return Push("answer", f"{_path(handoff)}/answers", body)


def _offer(seen: Seen, scenario: Scenario, *, accepted_on: date) -> Push:
    """The annuity, offered on the day of the acceptance, stating what the rules leave open."""
    product, rate = _product(seen), _rate(seen, scenario)
    rows = _rows(seen, scenario, accepted_on=accepted_on)
    body: Json = {
        "number": offer_number(seen.handoff.id),
        "amount_cents": sum(row.principal_cents for row in rows),
        "offered_on": str(accepted_on),
        "rows": [_row(row, product) for row in rows],
    }
    if rate != product.rate_percent:
        body["rate_percent"] = str(rate)
    if product.signed_by is None:
        body["signed_by"] = [Party.BORROWER.value, Party.CCAS.value, Party.LENDER.value]
    return Push("offer", f"{_path(seen.handoff)}/offers", body)


def _row(row: Instalment, product: Product) -> Json:
    told = {
        "number": row.number,
        "due_on": str(row.due_on),
        "principal_cents": row.principal_cents,
        "interest_cents": row.interest_cents,
        "total_cents": row.total_cents,
    }
    return told if product.interest_borne_by else {**told, "borrower_cents": row.total_cents}


def _disbursement(handoff: InboxRead, today: date) -> Push:
    body = {
        "amount_cents": _endorsed(handoff)["amount_cents"],
        "disbursed_on": str(today),
        "payee": {"kind": "supplier"},
        "reference": _reference("V", handoff.id),
    }
    return Push("disbursement", f"{_path(handoff)}/disbursements", body)


def _lines(seen: Seen, scenario: Scenario, *, today: date) -> Iterator[tuple[date, Json]]:
    """Each instalment whose month has ended, with the last day of that month."""
    if seen.handoff.payload is None:
        return
    accepted_on = _acted_on(seen.handoff, HandoffAction.ACCEPT)
    rows = _rows(seen, scenario, accepted_on=accepted_on)
    shares = parts(rows, _product(seen), rate_percent=_rate(seen, scenario))
    paid = 0
    for row, part in zip(rows, shares, strict=True):
        position_on = _next_month(row.due_on, 1) - timedelta(days=1)
        if position_on > today:
            return
        of = {"handoff_id": str(seen.handoff.id)}
        if row.number in scenario.unpaid:
            yield position_on, {"kind": "unpaid", "instalment_number": row.number, **of}
            continue
        balance = rows[paid].balance_cents
        paid += 1
        yield (
            position_on,
            {
                "kind": "repayment",
                "reference": _reference("R", seen.handoff.id, str(row.number)),
                "amount_cents": row.total_cents - sum(share.cents for share in part),
                "paid_on": str(row.due_on),
                "outstanding_principal_cents": balance,
                **of,
            },
        )


def _rows(seen: Seen, scenario: Scenario, *, accepted_on: date) -> tuple[Instalment, ...]:
    endorsed = _endorsed(seen.handoff)
    return schedule(
        principal_cents=endorsed["amount_cents"],
        rate_percent=_rate(seen, scenario),
        first_due_on=_next_month(accepted_on, 2).replace(day=_DUE_DAY),
        duration_months=endorsed["duration_months"],
    )


def _rate(seen: Seen, scenario: Scenario) -> Decimal:
    """The bank's own, else that of the rules. Raises SimulatorRefused where nothing states it."""
    rate = _product(seen).rate_percent if scenario.rate_percent is None else scenario.rate_percent
    if rate is None:
        raise SimulatorRefused(f"the rules of {seen.handoff.tenant} state no rate: give one with --rate")
    return rate


def _product(seen: Seen) -> Product:
    if seen.product is None:
        raise SimulatorRefused(f"no product of {seen.handoff.tenant} is lent by a partner")
    return seen.product


def _endorsed(handoff: InboxRead) -> Json:
    endorsement: Json = (handoff.payload or {})["endorsement"]
    return endorsement


def _next_month(day: date, months: int) -> date:
    """The first day of a month so many later."""
    month = day.year * 12 + day.month - 1 + months
    return date(month // 12, month % 12 + 1, 1)


def _path(handoff: InboxRead) -> str:
    return f"/partner/handoffs/{handoff.id}"


def _reference(letter: str, handoff_id: UUID, which: str = "") -> str:
    return f"{letter}-{which}{'-' if which else ''}{handoff_id.hex}"
