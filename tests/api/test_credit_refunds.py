"""Giving back what was overpaid, over HTTP."""

import pytest

from tests.support import Ccas, Databases, Json, accepted, disbursed, ok, refused, repayment, run_sql


def refund(amount_cents: int, on: str = "2013-02-01") -> Json:
    return {"amount_cents": amount_cents, "refunded_on": on, "reference": "M-2013-8"}


async def overpaid(ccas: Ccas) -> str:
    """A loan on which 30 € too much were paid on 5 January 2013."""
    loan_id = await disbursed(ccas)
    await ok(ccas.agent.post(f"/loans/{loan_id}/repayments", repayment(203_000, "2013-01-05", "R-1")))
    return loan_id


async def credit(ccas: Ccas, loan_id: str, as_of: str = "2013-03-01") -> int:
    return int((await ok(ccas.agent.get(f"/loans/{loan_id}", as_of=as_of)))["credit_cents"])


async def test_a_credit_is_given_back_in_one_or_several_times(besancon: Ccas) -> None:
    loan_id = await overpaid(besancon)
    entry = await ok(besancon.agent.post(f"/loans/{loan_id}/credit-refunds", refund(1_000)))
    assert (entry["kind"], entry["amount_cents"], entry["reference"]) == ("credit_refund", 1_000, "M-2013-8")
    assert await credit(besancon, loan_id) == 2_000
    await ok(besancon.agent.post(f"/loans/{loan_id}/credit-refunds", refund(2_000, "2013-02-02")))
    assert await credit(besancon, loan_id) == 0
    assert await credit(besancon, loan_id, "2013-01-31") == 3_000
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}", as_of="2013-03-01"))
    assert (loan["status"], loan["repaid_cents"]) == ("closed", 200_000)


@pytest.mark.parametrize(("amount_cents", "on", "credit_cents"), [(3_001, "2013-02-01", 3_000), (1, "2013-01-04", 0)])
async def test_no_more_is_given_back_than_the_credit_of_that_day(
    besancon: Ccas, databases: Databases, amount_cents: int, on: str, credit_cents: int
) -> None:
    loan_id = await overpaid(besancon)
    answer = besancon.agent.post(f"/loans/{loan_id}/credit-refunds", refund(amount_cents, on))
    told = await refused(answer, 409, "credit_too_small")
    assert (told["on"], told["credit_cents"]) == (on, credit_cents)
    assert run_sql(databases, besancon, "select 1 from ledger_entries where kind = 'credit_refund'") == []


async def test_a_credit_that_is_gone_since_is_not_given_back_by_an_earlier_day(besancon: Ccas) -> None:
    loan_id = await overpaid(besancon)
    await ok(besancon.agent.post(f"/loans/{loan_id}/credit-refunds", refund(3_000, "2013-02-02")))
    answer = besancon.agent.post(f"/loans/{loan_id}/credit-refunds", refund(1, "2013-02-01"))
    assert (await refused(answer, 409, "credit_too_small"))["credit_cents"] == 0


async def test_money_that_came_on_a_loan_never_paid_out_is_given_back(besancon: Ccas) -> None:
    loan_id = await accepted(besancon)
    await ok(besancon.agent.post(f"/loans/{loan_id}/repayments", repayment(4_500, "2011-02-05", "R-1")))
    await ok(besancon.agent.post(f"/loans/{loan_id}/credit-refunds", refund(4_500, "2011-02-20")))
    assert await credit(besancon, loan_id) == 0


async def test_nothing_is_given_back_in_the_future(besancon: Ccas) -> None:
    loan_id = await overpaid(besancon)
    await refused(
        besancon.agent.post(f"/loans/{loan_id}/credit-refunds", refund(1, "2199-01-01")), 409, "date_in_future"
    )
