"""The ways out of a loan that is late, with their cost, before anything is decided."""

from typing import Any

from tests.arrears import paid, positioned, running, support
from tests.openapi import lent_by_partner, open_both
from tests.support import Ccas, Databases, Json, accepted, ok, refused


async def late_loan(ccas: Ccas) -> str:
    """45 € and 85 € paid of 2 000 €, three instalments of 85 € late on 15 June 2011."""
    loan_id = await running(ccas)
    await paid(ccas, loan_id, 13_000, "2011-03-05", "T-1")
    await positioned(ccas, "2011-06-10")
    return loan_id


async def told(ccas: Ccas, loan_id: str, **query: Any) -> dict[str, list[Json]]:
    """The ways out of each kind."""
    answer = await ok(ccas.agent.get(f"/loans/{loan_id}/options", **query))
    found: dict[str, list[Json]] = {}
    for option in answer["items"]:
        found.setdefault(option["kind"], []).append(option)
    return found


async def test_each_way_out_tells_its_cost_and_the_last_due_date_that_would_follow(besancon: Ccas) -> None:
    loan_id = await late_loan(besancon)
    before = await ok(besancon.agent.get(f"/loans/{loan_id}"))
    found = await told(besancon, loan_id, on="2011-06-15")
    figures = ("months", "cost_cents", "borrower_cost_cents", "at_risk_cents", "last_due_on")
    assert {kind: [[one[name] for name in figures] for one in options] for kind, options in found.items()} == {
        "deferral": [
            [1, 0, 0, 187_000, "2013-02-05"],
            [2, 0, 0, 187_000, "2013-03-05"],
            [3, 0, 0, 187_000, "2013-04-05"],
        ],
        "support": [[None, 25_500, 0, 161_500, "2013-01-05"]],
        "reschedule": [[None, 0, 0, 187_000, "2013-04-05"]],
        "litigation": [[None, None, None, 187_000, None]],
    }
    assert all(one["allowed"] and one["reasons"] == [] for options in found.values() for one in options)
    assert await ok(besancon.agent.get(f"/loans/{loan_id}")) == before, "nothing is decided by looking"


async def test_what_is_unpaid_is_known_up_to_the_position_and_less_what_support_covers(besancon: Ccas) -> None:
    loan_id = await running(besancon)
    unknown = await ok(besancon.agent.get(f"/loans/{loan_id}/options", on="2011-06-15"))
    assert (unknown["position_on"], unknown["unpaid_cents"]) == (None, 0)
    reasons = {one["kind"]: one["reasons"] for one in unknown["items"]}
    assert reasons["support"] == reasons["litigation"] == ["nothing_unpaid"]
    await positioned(besancon, "2011-03-10")
    assert (await told(besancon, loan_id, on="2011-06-15"))["support"][0]["cost_cents"] == 13_000
    await ok(besancon.agent.post(f"/loans/{loan_id}/supports", support("2011-06-10", (1, 4_500))))
    assert (await told(besancon, loan_id, on="2011-06-15"))["support"][0]["cost_cents"] == 8_500


async def test_in_litigation_a_deferral_is_no_way_out_any_more(besancon: Ccas) -> None:
    loan_id = await late_loan(besancon)
    body: Json = {"opened_on": "2011-06-14"}
    answer = await besancon.agent.post(f"/loans/{loan_id}/litigation", body)
    if not answer.is_success:
        body["decision"] = {"decided_on": "2011-06-14", "decided_by": "accountant"}
        await ok(besancon.agent.post(f"/loans/{loan_id}/litigation", body))
    found = await told(besancon, loan_id, on="2011-06-15")
    assert [(one["allowed"], one["reasons"], one["cost_cents"]) for one in found["deferral"]] == [
        (False, ["state"], None)
    ]
    assert [one["reasons"] for one in found["litigation"]] == [["state"]]
    assert found["support"][0]["allowed"]


async def test_there_is_a_way_out_only_of_what_is_owed_to_the_ccas(besancon: Ccas, databases: Databases) -> None:
    unpaid = await accepted(besancon)
    await refused(besancon.agent.get(f"/loans/{unpaid}/options"), 409, "illegal_transition")
    loan_id = await late_loan(besancon)
    for on, code in (("2011-01-29", "date_out_of_order"), ("2199-01-01", "date_in_future")):
        problem = await refused(besancon.agent.get(f"/loans/{loan_id}/options", on=on), 409, code)
        assert problem["detail"].startswith("Le jour demandé ")
    await paid(besancon, loan_id, 187_000, "2011-07-01", "T-2")
    await refused(besancon.agent.get(f"/loans/{loan_id}/options"), 409, "nothing_owed")
    both = open_both(databases, besancon.agent.client)
    handoff = await lent_by_partner(databases, both)
    (loan,) = (await ok(both.agent.get("/loans", request_id=handoff["request_id"])))["items"]
    await refused(both.agent.get(f"/loans/{loan['id']}/options"), 409, "partner_lends")
