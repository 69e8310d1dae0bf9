"""What may be done where a partner lends, tried for real in every state of a file and of a loan, by everyone."""

from collections.abc import Awaitable, Callable
from functools import partial
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from app.domain.loan_lifecycle import LoanStage
from app.domain.request_lifecycle import WITH_LENDER, RequestStatus
from tests import lenders
from tests.api.test_actions import (
    CANCELLATION,
    DECISIONS,
    ROLES,
    SIGNED,
    colleague_of,
    judge,
    try_on_loan,
    try_on_request,
)
from tests.lenders import (
    OTHER_ANSWER,
    Lender,
    accepted_by,
    before_commission,
    handed_over,
    lender_of,
    offer,
    offered_by,
    paid_out,
    signed,
)
from tests.support import Ccas, Databases, Json, Staff, ok, open_ccas, run_sql
from tests.undone import undone

# As in `tests/lenders.py`.
ALL_THERE: Json = {"signed_on": "2018-03-26", "present": ["borrower", "ccas", "lender"]}
SIGNED_IN_2018 = {**SIGNED, "decided_on": "2018-03-12"}


class Lent:
    """A CCAS whose people a partner lends to, and a machine of the partner."""

    def __init__(self, ccas: Ccas, bank: Lender) -> None:
        self.ccas, self.bank = ccas, bank
        # Toulouse has its bank check before the first appointment; the others do not.
        self.prechecks = ccas.slug.startswith("toulouse")

    async def taken_in(self) -> str:
        """A request that nothing was handed over of."""
        return str((await lenders.taken_in(self.ccas, 200_000))["id"])

    async def prechecked(self, outcome: str) -> str:
        """A request whose precheck the bank has answered, where there is one."""
        request = await lenders.taken_in(self.ccas, 200_000)
        if self.prechecks:
            await lenders.prechecked(self.ccas, self.bank, request, outcome)
        return str(request["id"])

    async def endorsed(self) -> str:
        """A file that the CCAS has endorsed."""
        bank = self.bank if self.prechecks else None
        return str((await lenders.endorsed(self.ccas, bank, 200_000, 24))["id"])

    async def sent(self) -> Json:
        """The handoff of an endorsed file."""
        return await handed_over(self.ccas, await self.endorsed(), "loan_file", "2018-03-13")

    async def accepted(self) -> Json:
        """The handoff that the bank has accepted."""
        handoff = await self.sent()
        await accepted_by(self.bank, handoff)
        return handoff

    async def offered(self) -> str:
        """The loan that the bank offers."""
        return await offered_by(self.ccas, self.bank, await self.accepted(), self.offer())

    def offer(self) -> Json:
        """An offer of the bank under a number of its own."""
        return offer(200_000, 24, "3.04" if self.prechecks else "6.20", number=f"O-{uuid4().hex[:12]}")


async def submitted(lent: Lent) -> str:
    path = await before_commission(lent.ccas, lent.bank if lent.prechecks else None, 200_000)
    return path.rpartition("/")[2]


async def declined(lent: Lent) -> str:
    request_id = await submitted(lent)
    decline = {**DECISIONS["decline"], **SIGNED_IN_2018, "other_answer": OTHER_ANSWER}
    await ok(lent.ccas.decider.post(f"/requests/{request_id}/decisions", decline))
    return request_id


async def answered(lent: Lent, decision: str) -> str:
    handoff = await lent.sent()
    body = {"decision": decision, "decided_on": "2018-03-16"}
    await ok(lent.bank.post(f"/partner/handoffs/{handoff['id']}/answers", body))
    return str(handoff["request_id"])


async def refused_by_the_lender(lent: Lent) -> str:
    request_id = await answered(lent, "refused")
    body = {"outcome": "lender_refused", "reason_code": "other", "other_answer": OTHER_ANSWER}
    await ok(lent.ccas.agent.post(f"/requests/{request_id}/close", body))
    return request_id


async def taken_back(lent: Lent) -> str:
    handoff = await lent.sent()
    body = {"withdrawn_on": "2018-03-15", "reason": "Autre banque"}
    await ok(lent.ccas.agent.post(f"/handoffs/{handoff['id']}/withdrawals", body))
    return str(handoff["request_id"])


async def with_an_offer(lent: Lent, *, is_signed: bool) -> str:
    loan_id = await lent.offered()
    if is_signed:
        await signed(lent.ccas, loan_id)
    return str((await ok(lent.ccas.agent.get(f"/loans/{loan_id}")))["request_id"])


async def sent_off(lent: Lent) -> str:
    return str((await lent.sent())["request_id"])


async def accepted_by_the_lender(lent: Lent) -> str:
    return str((await lent.accepted())["request_id"])


LENT_TO: dict[str, tuple[RequestStatus, Callable[[Lent], Awaitable[str]]]] = {
    "intake": (RequestStatus.INTAKE, Lent.taken_in),
    "intake, checked favourable": (RequestStatus.INTAKE, partial(Lent.prechecked, outcome="favorable")),
    "intake, checked unfavourable": (RequestStatus.INTAKE, partial(Lent.prechecked, outcome="unfavorable")),
    "intake, to be cleared": (RequestStatus.INTAKE, partial(Lent.prechecked, outcome="to_clear")),
    "submitted": (RequestStatus.SUBMITTED, submitted),
    "declined": (RequestStatus.DECLINED, declined),
    "endorsed": (RequestStatus.ENDORSED, Lent.endorsed),
    "sent": (RequestStatus.SENT_TO_LENDER, sent_off),
    "refused": (RequestStatus.SENT_TO_LENDER, partial(answered, decision="refused")),
    "taken back": (RequestStatus.SENT_TO_LENDER, taken_back),
    "accepted, awaiting the check": (RequestStatus.SENT_TO_LENDER, partial(answered, decision="accepted")),
    "accepted": (RequestStatus.LENDER_ACCEPTED, accepted_by_the_lender),
    "offered": (RequestStatus.LENDER_ACCEPTED, partial(with_an_offer, is_signed=False)),
    "contracted": (RequestStatus.CONTRACTED, partial(with_an_offer, is_signed=True)),
    "refused by the lender": (RequestStatus.LENDER_REFUSED, refused_by_the_lender),
}


def test_every_state_of_a_request_that_a_lender_is_asked_for_is_tried() -> None:
    tried = {status for status, _ in LENT_TO.values()}
    assert tried >= WITH_LENDER | {RequestStatus.DECLINED, RequestStatus.LENDER_REFUSED}


@pytest.mark.parametrize("state", LENT_TO)
@pytest.mark.parametrize("slug", ["toulouse", "amiens"])
async def test_a_request_tells_what_may_be_done_where_a_partner_lends(
    app: FastAPI, databases: Databases, client: AsyncClient, slug: str, state: str
) -> None:
    ccas = open_ccas(databases, client, slug)
    lent = Lent(ccas, lender_of(databases, ccas))
    status, build = LENT_TO[state]
    colleague, request_id = colleague_of(databases, ccas), await build(lent)
    assert (await ok(ccas.agent.get(f"/requests/{request_id}")))["status"] == status
    for role in ROLES:
        staff: Staff = getattr(ccas, role)
        wrong = []
        for action in (await ok(staff.get(f"/requests/{request_id}/actions")))["items"]:
            name = action["action"]
            async with undone(app):
                tried = try_on_request(ccas, staff, request_id, name, SIGNED_IN_2018, colleague=colleague)
                wrong += judge(action, await tried)
        assert (role, wrong) == (role, [])


async def signed_in_part(lent: Lent) -> str:
    loan_id = await lent.offered()
    await ok(lent.ccas.agent.post(f"/loans/{loan_id}/signatures", {**ALL_THERE, "party": "ccas"}))
    return loan_id


async def signed_by_all(lent: Lent) -> str:
    loan_id = await lent.offered()
    await signed(lent.ccas, loan_id)
    return loan_id


async def paid_out_by_the_lender(lent: Lent) -> str:
    handoff = await lent.accepted()
    return await paid_out(lent.ccas, lent.bank, handoff, lent.offer())


async def given_up(lent: Lent) -> str:
    loan_id = await signed_by_all(lent)
    await ok(lent.ccas.agent.post(f"/loans/{loan_id}/cancellations", {**CANCELLATION, "cancelled_on": "2018-03-28"}))
    return loan_id


LENT: dict[str, tuple[LoanStage, Callable[[Lent], Awaitable[str]]]] = {
    "offered": (LoanStage.OFFERED, Lent.offered),
    "half signed": (LoanStage.OFFERED, signed_in_part),
    "accepted": (LoanStage.ACCEPTED, signed_by_all),
    "paid out": (LoanStage.DISBURSED, paid_out_by_the_lender),
    "given up": (LoanStage.CANCELLED, given_up),
}


async def try_on_lent(ccas: Ccas, staff: Staff, loan_id: str, action: str) -> Response:
    """Does the action on a partner's loan, with a body that nothing is wrong with."""
    path = f"/loans/{loan_id}"
    if action == "sign":
        awaited = (await ok(ccas.agent.get(path)))["awaiting_signature_of"] or ["borrower"]
        signature = {**ALL_THERE, "party": awaited[0]}
        if awaited[0] == "borrower":
            signature["support_contract_signed_on"] = "2018-03-26"
        return await staff.post(f"{path}/signatures", signature)
    if action == "withdraw":
        return await staff.post(f"{path}/withdrawals", {"withdrawn_on": "2018-03-27"})
    if action == "cancel":
        return await staff.post(f"{path}/cancellations", {**CANCELLATION, "cancelled_on": "2018-03-28"})
    return await try_on_loan(ccas, staff, loan_id, action)


@pytest.mark.parametrize("state", LENT)
@pytest.mark.parametrize("slug", ["toulouse", "amiens"])
async def test_a_partners_loan_tells_what_is_left_to_the_staff(
    app: FastAPI, databases: Databases, client: AsyncClient, slug: str, state: str
) -> None:
    ccas = open_ccas(databases, client, slug)
    lent = Lent(ccas, lender_of(databases, ccas))
    stage, build = LENT[state]
    loan_id = await build(lent)
    (row,) = run_sql(databases, ccas, "select stage from loans where id = :id", id=loan_id)
    assert row["stage"] == stage
    for role in ROLES:
        staff: Staff = getattr(ccas, role)
        wrong = []
        for action in (await ok(staff.get(f"/loans/{loan_id}/actions")))["items"]:
            async with undone(app):
                response = await try_on_lent(ccas, staff, loan_id, action["action"])
                wrong += judge(action, response, frozenset({"partner_lends"}))
        assert (role, wrong) == (role, [])
