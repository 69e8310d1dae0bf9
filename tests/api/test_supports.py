"""Financial support: decided, it covers instalments; told by the accountant, it pays them."""

from datetime import UTC, datetime

from tests.arrears import arrears, decided, paid, positioned, running, support
from tests.support import Ccas, Databases, accepted, ok, refused, run_sql

# Besançon's loan of `running`: 45 €, then 23 × 85 €, from 5 February 2011 on.


async def late_loan(ccas: Ccas) -> str:
    """A loan that was paid in February and March 2011, and no more by 10 June."""
    loan_id = await running(ccas)
    await paid(ccas, loan_id, 13_000, "2011-03-05", "T-1")
    await positioned(ccas, "2011-06-10")
    return loan_id


async def overdue(ccas: Ccas, loan_id: str, on: str = "2011-06-15") -> tuple[str, int]:
    """The status of a loan on a day, and what is late then."""
    loan = await ok(ccas.agent.get(f"/loans/{loan_id}", as_of=on))
    return loan["status"], loan["overdue_cents"]


async def test_a_supported_instalment_is_not_overdue_from_the_decision_on_and_not_paid_either(besancon: Ccas) -> None:
    loan_id = await late_loan(besancon)
    assert await overdue(besancon, loan_id) == ("overdue", 25_500)
    decision = support("2011-06-14", (3, 8_500), (4, 8_500))
    told = await ok(besancon.agent.post(f"/loans/{loan_id}/supports", decision))
    assert (told["amount_cents"], told["paid_cents"], told["decided_on"]) == (17_000, 0, "2011-06-14")
    assert told["instalments"] == [
        {"ref": 3, "amount_cents": 8_500, "paid_cents": 0},
        {"ref": 4, "amount_cents": 8_500, "paid_cents": 0},
    ]
    assert await overdue(besancon, loan_id, "2011-06-13") == ("overdue", 25_500)
    assert await overdue(besancon, loan_id, "2011-06-14") == ("overdue", 8_500)
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}", as_of="2011-06-15"))
    assert (loan["outstanding_cents"], loan["supported_cents"]) == (187_000, 0)
    (late,) = await arrears(besancon)
    assert late["due_on"] == "2011-06-05"


async def test_support_is_paid_when_the_accountant_tells_it_as_a_repayment_of_the_ccas(besancon: Ccas) -> None:
    loan_id = await late_loan(besancon)
    told = await ok(besancon.agent.post(f"/loans/{loan_id}/supports", support("2011-06-14", (3, 8_500), (4, 8_500))))
    await paid(besancon, loan_id, 8_500, "2011-06-20", "T-2", payer="ccas", instalment_ref=3)
    path = f"/loans/{loan_id}/supports/{told['id']}"
    assert [one["paid_cents"] for one in (await ok(besancon.agent.get(path)))["instalments"]] == [8_500, 0]
    await paid(besancon, loan_id, 8_500, "2011-06-21", "T-3", payer="ccas")
    assert (await ok(besancon.agent.get(path)))["paid_cents"] == 17_000
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}", as_of="2011-06-30"))
    assert (loan["outstanding_cents"], loan["supported_cents"], loan["overdue_cents"]) == (170_000, 17_000, 8_500)


async def test_what_the_borrower_pays_meanwhile_stays_paid_and_support_covers_the_rest(besancon: Ccas) -> None:
    loan_id = await late_loan(besancon)
    await ok(besancon.agent.post(f"/loans/{loan_id}/supports", support("2011-06-14", (3, 8_500))))
    await paid(besancon, loan_id, 8_500, "2011-06-16", "T-2", payer="borrower")
    assert await overdue(besancon, loan_id, "2011-06-17") == ("overdue", 17_000)


async def test_support_is_never_above_what_is_neither_paid_nor_covered(besancon: Ccas, databases: Databases) -> None:
    loan_id = await late_loan(besancon)
    path = f"/loans/{loan_id}/supports"
    for instalments, ref, left in (
        ([(3, 8_501)], 3, 8_500),
        ([(3, 8_500), (2, 1)], 2, 0),
    ):
        told = await refused(
            besancon.agent.post(path, support("2011-06-14", *instalments)), 409, "support_above_unpaid"
        )
        assert (told["ref"], told["unpaid_cents"]) == (ref, left)
    await refused(besancon.agent.post(path, support("2011-06-14", (25, 8_500))), 409, "no_such_instalment")
    twice = {**support("2011-06-14", (3, 100)), "instalments": [{"ref": 3, "amount_cents": 100}] * 2}
    assert (await refused(besancon.agent.post(path, twice), 422, "invalid"))["errors"][0]["code"] == "instalment_twice"
    await ok(besancon.agent.post(path, support("2011-06-14", (3, 5_000))))
    told = await refused(besancon.agent.post(path, support("2011-06-15", (3, 3_501))), 409, "support_above_unpaid")
    assert told["unpaid_cents"] == 3_500
    written = run_sql(
        databases,
        besancon,
        "select (select count(*) from supports), (select count(*) from supported_instalments),"
        " (select count(*) from loan_decisions)",
    )
    assert [tuple(row.values()) for row in written] == [(1, 1, 1)], "nothing of what was refused is left"


async def test_a_support_may_be_decided_late_of_a_day_before_its_payment(besancon: Ccas) -> None:
    loan_id = await late_loan(besancon)
    await paid(besancon, loan_id, 8_500, "2011-06-20", "T-2", payer="ccas", instalment_ref=3)
    told = await ok(besancon.agent.post(f"/loans/{loan_id}/supports", support("2011-06-14", (3, 8_500))))
    assert told["paid_cents"] == 8_500


async def test_a_support_that_is_taken_back_leaves_the_borrower_late_again(besancon: Ccas) -> None:
    loan_id = await late_loan(besancon)
    path = f"/loans/{loan_id}/supports"
    told = await ok(besancon.agent.post(path, support("2011-06-14", (3, 8_500))))
    cancellation = {"decision": decided("2011-06-20")}
    early = {"decision": decided("2011-06-13")}
    await refused(besancon.agent.post(f"{path}/{told['id']}/cancellation", early), 409, "date_out_of_order")
    cancelled = await ok(besancon.agent.post(f"{path}/{told['id']}/cancellation", cancellation))
    assert cancelled["cancelled_on"] == "2011-06-20"
    assert await overdue(besancon, loan_id, "2011-06-19") == ("overdue", 17_000)
    assert await overdue(besancon, loan_id, "2011-06-20") == ("overdue", 25_500)
    await refused(besancon.agent.post(f"{path}/{told['id']}/cancellation", cancellation), 409, "support_cancelled")
    again = await ok(besancon.agent.post(path, support("2011-06-21", (3, 8_500))))
    assert await overdue(besancon, loan_id, "2011-06-21") == ("overdue", 17_000)
    assert [one["id"] for one in (await ok(besancon.agent.get(path)))["items"]] == [again["id"], told["id"]]


async def test_a_support_that_is_paid_is_not_taken_back(besancon: Ccas) -> None:
    loan_id = await late_loan(besancon)
    path = f"/loans/{loan_id}/supports"
    told = await ok(besancon.agent.post(path, support("2011-06-14", (3, 8_500))))
    await paid(besancon, loan_id, 8_500, "2011-06-20", "T-2", payer="ccas", instalment_ref=3)
    cancellation = {"decision": decided("2011-06-26")}
    await refused(besancon.agent.post(f"{path}/{told['id']}/cancellation", cancellation), 409, "support_already_paid")


async def test_support_is_of_a_loan_that_is_paid_out_and_of_own_funds(besancon: Ccas) -> None:
    loan_id = await accepted(besancon)
    answer = besancon.agent.post(f"/loans/{loan_id}/supports", support("2011-06-14", (3, 8_500)))
    await refused(answer, 409, "illegal_transition")
    other = await late_loan(besancon)
    future = support("2199-01-01", (3, 8_500))
    await refused(besancon.agent.post(f"/loans/{other}/supports", future), 409, "date_in_future")


async def test_what_was_known_before_a_support_was_entered_comes_out_again(besancon: Ccas) -> None:
    loan_id = await late_loan(besancon)
    known_at = datetime.now(UTC).isoformat()
    before = await ok(besancon.agent.get(f"/loans/{loan_id}", as_of="2011-06-21", known_at=known_at))
    figures = await ok(besancon.manager.get("/loans/figures", as_of="2011-06-21", known_at=known_at))
    await ok(besancon.agent.post(f"/loans/{loan_id}/supports", support("2011-06-14", (3, 8_500))))
    again = await ok(besancon.agent.get(f"/loans/{loan_id}", as_of="2011-06-21", known_at=known_at))
    assert again["overdue_cents"] == before["overdue_cents"]
    assert await ok(besancon.manager.get("/loans/figures", as_of="2011-06-21", known_at=known_at)) == figures
