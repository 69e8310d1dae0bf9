"""Entries taken back by an opposite one, once: what was lost comes back, what took it back does not."""

from tests.api.test_discharges import NOBODY, discharged
from tests.api.test_partner_signatures import signed_loan
from tests.api.test_remissions import remitted
from tests.api.test_write_offs import balances, repaid, written_off
from tests.support import Ccas, Databases, Json, disbursed, ok, refused

BACK = {"reversed_on": "2012-07-01", "reason": "Saisi sur le mauvais prêt"}


async def take_back(ccas: Ccas, loan_id: str, entry_id: str, **changes: str) -> Json:
    return await ok(ccas.agent.post(f"/loans/{loan_id}/ledger/{entry_id}/reversal", {**BACK, **changes}))


async def test_a_write_off_entered_in_error_is_taken_back_once(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    entry = await written_off(besancon, loan_id, 200_000)
    back = await take_back(besancon, loan_id, entry["id"])
    assert (back["kind"], back["reverses_id"], back["amount_cents"]) == ("reversal", entry["id"], 200_000)
    assert {line["account"]: line["amount_cents"] for line in back["lines"]} == {
        line["account"]: -line["amount_cents"] for line in entry["lines"]
    }
    assert await balances(besancon, loan_id, "2012-06-30") == (0, 200_000, 200_000, 0, 0)
    assert await balances(besancon, loan_id) == (200_000, 200_000, 0, 0, 0)
    path = f"/loans/{loan_id}/ledger/{entry['id']}/reversal"
    await refused(besancon.agent.post(path, BACK), 409, "already_reversed")


async def test_what_takes_an_entry_back_is_not_taken_back(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    entry = await remitted(besancon, loan_id, 1_000, "2012-06-20")
    back = await take_back(besancon, loan_id, entry["id"])
    path = f"/loans/{loan_id}/ledger/{back['id']}/reversal"
    await refused(besancon.agent.post(path, BACK), 409, "reversal_of_reversal")


async def test_what_was_recovered_repays_the_loan_once_the_write_off_is_taken_back(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    entry = await written_off(besancon, loan_id, 200_000)
    await repaid(besancon, loan_id, 30_000, "2012-06-25", "R-1")
    assert await balances(besancon, loan_id, "2012-06-25") == (0, 170_000, 200_000, 30_000, 0)
    await take_back(besancon, loan_id, entry["id"])
    assert await balances(besancon, loan_id) == (170_000, 170_000, 0, 0, 0)


async def test_a_write_off_on_which_an_erasure_rests_waits_for_it(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    entry = await written_off(besancon, loan_id, 200_000)
    erased = await discharged(besancon, loan_id, 200_000)
    path = f"/loans/{loan_id}/ledger/{entry['id']}/reversal"
    problem = await refused(besancon.agent.post(path, BACK), 409, "later_loss_unfit")
    assert (problem["kind"], problem["lost_on"]) == ("discharge", "2013-03-01")
    await take_back(besancon, loan_id, erased["entry_id"], reversed_on="2013-07-01")
    (told,) = (await ok(besancon.agent.get(f"/loans/{loan_id}/discharges")))["items"]
    assert told["reversed_on"] == "2013-07-01"
    await take_back(besancon, loan_id, entry["id"], reversed_on="2013-07-01")
    assert await balances(besancon, loan_id) == (200_000, 200_000, 0, 0, 0)


async def test_a_repayment_is_taken_back_here_too_and_a_payment_out_is_not(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    entry = await repaid(besancon, loan_id, 4_500, "2011-02-05", "R-1")
    await take_back(besancon, loan_id, entry["id"])
    assert await balances(besancon, loan_id) == (200_000, 200_000, 0, 0, 0)
    entries = (await ok(besancon.agent.get(f"/loans/{loan_id}/ledger")))["items"]
    path = f"/loans/{loan_id}/ledger/{entries[0]['id']}/reversal"
    problem = await refused(besancon.agent.post(path, BACK), 409, "entry_not_reversible")
    assert problem["kind"] == "disbursement"


async def test_an_entry_is_taken_back_on_its_own_loan_and_not_before_it_was_made(
    besancon: Ccas, amiens: Ccas, databases: Databases
) -> None:
    loan_id, other = [await disbursed(besancon) for _ in range(2)]
    entry = await written_off(besancon, loan_id, 1_000)
    for foreign in (f"/loans/{other}/ledger/{entry['id']}", f"/loans/{loan_id}/ledger/{NOBODY}"):
        await refused(besancon.agent.post(f"{foreign}/reversal", BACK), 404, "not_found")
    path = f"/loans/{loan_id}/ledger/{entry['id']}/reversal"
    await refused(besancon.agent.post(path, {**BACK, "reversed_on": "2012-06-19"}), 409, "date_out_of_order")
    await refused(besancon.agent.post(path, {**BACK, "reversed_on": "2199-06-19"}), 409, "date_in_future")
    _, _, path = await signed_loan(databases, amiens)
    await refused(amiens.agent.post(f"{path}/ledger/{NOBODY}/reversal", BACK), 409, "partner_lends")
