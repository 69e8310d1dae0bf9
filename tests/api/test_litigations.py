"""Litigation: the accountant's decision and day, what is recovered there, and the way back."""

from tests.api.test_write_offs import repaid, written_off
from tests.support import Ccas, Json, disbursed, ok, refused

ACCOUNTANT = {"decided_on": "2011-06-28", "decided_by": "accountant", "reference": "TP 2011-88"}


async def times(ccas: Ccas, loan_id: str) -> list[Json]:
    items: list[Json] = (await ok(ccas.manager.get(f"/loans/{loan_id}/litigation")))["items"]
    return items


async def test_litigation_keeps_the_decision_its_day_and_what_it_recovers(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    assert await times(besancon, loan_id) == []
    await repaid(besancon, loan_id, 4_500, "2011-02-05", "R-1")
    opening = {"opened_on": "2011-07-01", "reason": "Sans réponse", "decision": ACCOUNTANT}
    loan = await ok(besancon.agent.post(f"/loans/{loan_id}/litigation", opening))
    assert loan["status"] == "litigation"
    await repaid(besancon, loan_id, 10_000, "2011-07-01", "R-2")
    await repaid(besancon, loan_id, 20_000, "2011-09-01", "R-3")
    await repaid(besancon, loan_id, 5_000, "2011-09-02", "R-4", payer="ccas")
    (time,) = await times(besancon, loan_id)
    assert (time["opened_on"], time["ended_on"], time["reason"]) == ("2011-07-01", None, "Sans réponse")
    assert time["recovered_cents"] == 30_000
    assert time["decision_id"]


async def test_the_decision_is_the_accountants_of_that_day_where_none_is_told(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await ok(besancon.agent.post(f"/loans/{loan_id}/litigation", {"opened_on": "2011-07-01"}))
    assert (await times(besancon, loan_id))[0]["decision_id"]


async def test_a_debt_goes_back_to_amicable_collection_and_may_come_again(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    path = f"/loans/{loan_id}/litigation"
    await refused(besancon.agent.post(f"{path}/end", {"ended_on": "2011-07-01"}), 409, "illegal_transition")
    await ok(besancon.agent.post(path, {"opened_on": "2011-07-01"}))
    await refused(besancon.agent.post(path, {"opened_on": "2011-08-01"}), 409, "illegal_transition")
    await refused(besancon.agent.post(f"{path}/end", {"ended_on": "2011-06-30"}), 409, "date_out_of_order")
    await refused(besancon.agent.post(f"{path}/end", {"ended_on": "2199-06-30"}), 409, "date_in_future")
    loan = await ok(besancon.agent.post(f"{path}/end", {"ended_on": "2011-10-01", "reason": "Échéancier repris"}))
    assert loan["status"] != "litigation"
    await repaid(besancon, loan_id, 10_000, "2011-10-01", "R-1")
    await refused(besancon.agent.post(path, {"opened_on": "2011-09-30"}), 409, "date_out_of_order")
    await ok(besancon.agent.post(path, {"opened_on": "2012-01-01"}))
    await repaid(besancon, loan_id, 190_000, "2012-02-01", "R-2")
    told = [(time["opened_on"], time["ended_on"], time["recovered_cents"]) for time in await times(besancon, loan_id)]
    assert told == [("2011-07-01", "2011-10-01", 0), ("2012-01-01", None, 190_000)]
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}"))
    assert (loan["status"], loan["closing_reasons"]) == ("closed", ["after_litigation"])
    for day, status in (("2011-09-30", "litigation"), ("2012-01-15", "litigation")):
        assert (await ok(besancon.agent.get(f"/loans/{loan_id}", as_of=day)))["status"] == status


async def test_the_accountant_alone_decides_and_not_after_the_day_it_opens(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    path = f"/loans/{loan_id}/litigation"
    opening = {"opened_on": "2011-07-01", "decision": {**ACCOUNTANT, "decided_by": "board"}}
    await refused(besancon.agent.post(path, opening), 409, "decided_by_another")
    opening = {"opened_on": "2011-06-27", "decision": ACCOUNTANT}
    await refused(besancon.agent.post(path, opening), 409, "date_out_of_order")
    assert await times(besancon, loan_id) == []


async def test_what_is_recovered_of_a_non_valeur_in_litigation_counts_there(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await ok(besancon.agent.post(f"/loans/{loan_id}/litigation", {"opened_on": "2011-07-01"}))
    await repaid(besancon, loan_id, 50_000, "2011-12-01", "R-1")
    await written_off(besancon, loan_id, 150_000)
    loan = await ok(besancon.agent.get(f"/loans/{loan_id}"))
    assert loan["closing_reasons"] == ["after_litigation", "with_non_valeur"]
    await repaid(besancon, loan_id, 30_000, "2013-01-01", "R-2")
    assert (await times(besancon, loan_id))[0]["recovered_cents"] == 80_000
    assert (await ok(besancon.agent.get(f"/loans/{loan_id}")))["recovered_cents"] == 30_000
