"""Calls on guarantors over HTTP: what a guarantor covers of a loss, pays, and gets back."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy.exc import DBAPIError

from app.domain.lenders import CapOf, Guarantee, GuaranteeBase
from app.domain.rules import TenantRules
from tests.lenders import Lender, accepted_file, offer, paid_out, repayment_line, rules_under
from tests.support import Ccas, Databases, Json, disbursed, ok, open_with, refused, run_sql

CITY = Guarantee(guarantor="Ville de Toulouse", share_percent=Decimal(15), base=GuaranteeBase.PRINCIPAL)
FUND = Guarantee(guarantor="Fonds de cohésion sociale", share_percent=Decimal(50), base=GuaranteeBase.PRINCIPAL)
LOSS: Json = {
    "source": "reported_by_staff",
    "reference": "Courrier du 3 septembre 2018",
    "lost_on": "2018-09-01",
    "principal_cents": 276_030,
    "interest_cents": 1_500,
}


def guaranteed_by(rules_of: str, *guarantees: Guarantee) -> TenantRules:
    """The rules of a seed tenant whose product is covered by these guarantors, all stated."""
    rules = rules_under(rules_of)
    product = rules.versions[-1].products[0]
    stated = tuple(path for path in product.not_stated if not path.startswith("guarantees"))
    changed = replace(product, guarantees=guarantees, not_stated=stated)
    return replace(rules, versions=(*rules.versions[:-1], replace(rules.versions[-1], products=(changed,))))


def open_guaranteed(databases: Databases, client: AsyncClient, *guarantees: Guarantee) -> Ccas:
    """A CCAS with Toulouse's rules, but that the guarantees are stated."""
    return open_with(databases, client, guaranteed_by("toulouse", *guarantees))


async def lent(databases: Databases, ccas: Ccas, **changes: Any) -> tuple[Lender, Json, str]:
    """A loan of 3 000 € over 36 months of the bank, paid out on 5 April 2018, first due on 5 May."""
    lender, handoff = await accepted_file(databases, ccas, 300_000, 36)
    body = offer(300_000, 36, "3.04", **{"number": f"O-{handoff['id'][-12:]}", **changes})
    return lender, handoff, await paid_out(ccas, lender, handoff, body)


async def lost(ccas: Ccas, loan_id: str, **changes: Any) -> Json:
    """The claim of a loss told by a letter of the bank."""
    return await ok(ccas.agent.post(f"/loans/{loan_id}/guarantee-claims", {**LOSS, **changes}))


async def claims(ccas: Ccas, loan_id: str) -> list[Json]:
    """The claims of a loan."""
    items: list[Json] = (await ok(ccas.agent.get(f"/loans/{loan_id}/guarantee-claims")))["items"]
    return items


async def paid(ccas: Ccas, claim: Json, amount_cents: int, reference: str = "V-1", on: str = "2018-10-01") -> Json:
    """A payment of the guarantor."""
    body = {"amount_cents": amount_cents, "paid_on": on, "reference": reference}
    return await ok(ccas.agent.post(f"/guarantee-claims/{claim['id']}/payments", body))


def recovery(amount_cents: int, reference: str = "R-1", on: str = "2018-11-05") -> Json:
    return {"amount_cents": amount_cents, "recovered_on": on, "reference": reference}


async def recovered(ccas: Ccas, loan_id: str, amount_cents: int, reference: str = "R-1") -> Json:
    """Money that the bank recovered."""
    return await ok(ccas.agent.post(f"/loans/{loan_id}/guarantee-recoveries", recovery(amount_cents, reference)))


async def of_city(ccas: Ccas, **query: Any) -> Json:
    """What the only guarantor is exposed to."""
    (item,) = (await ok(ccas.agent.get("/guarantees", **query)))["items"]
    return dict(item)


async def test_a_claim_is_the_share_of_the_principal_that_was_lost(databases: Databases, client: AsyncClient) -> None:
    ccas = open_guaranteed(databases, client, CITY)
    _, _, loan_id = await lent(databases, ccas)
    claim = await lost(ccas, loan_id)
    # 15 % of 2 760,30 € are 414,045 €: of equal fractions the guarantor comes before the lender.
    assert (claim["claimed_cents"], claim["paid_cents"], claim["left_cents"]) == (41_405, 0, 41_405)
    told = {"guarantor": "Ville de Toulouse", "source": "reported_by_staff", "reference": LOSS["reference"],
            "share_percent": "15", "base": "principal", "cap_cents": None, "cap_of": None, "anomalies": []}  # fmt: skip
    assert {name: claim[name] for name in told} == told
    assert await claims(ccas, loan_id) == [claim]
    assert await ok(ccas.agent.get(f"/guarantee-claims/{claim['id']}")) == claim


async def test_with_the_interest_in_its_base_a_guarantor_covers_it_too(
    databases: Databases, client: AsyncClient
) -> None:
    whole = replace(CITY, base=GuaranteeBase.PRINCIPAL_AND_INTEREST)
    ccas = open_guaranteed(databases, client, whole)
    _, _, loan_id = await lent(databases, ccas)
    assert (await lost(ccas, loan_id))["claimed_cents"] == 41_630


async def test_what_the_rules_do_not_state_is_named_and_nothing_is_claimed(
    databases: Databases, toulouse: Ccas, amiens: Ccas, fresnes: Ccas
) -> None:
    _, _, loan_id = await lent(databases, toulouse)
    problem = await refused(toulouse.agent.post(f"/loans/{loan_id}/guarantee-claims", LOSS), 409, "rule_not_stated")
    assert problem["path"] == "guarantees.0.base"
    assert await claims(toulouse, loan_id) == []
    for ccas, path, rate in ((amiens, "guarantees.0.share_percent", "6.20"), (fresnes, "guarantees", "4.00")):
        lender, handoff = await accepted_file(databases, ccas, 200_000, 24)
        body = offer(200_000, 24, rate, number=f"O-{handoff['id'][-12:]}")
        if ccas is fresnes:
            rows = [{**row, "third_parties": [], "borrower_cents": row["total_cents"]} for row in body["rows"]]
            body |= {"rate_percent": rate, "signed_by": ["borrower", "ccas", "lender"], "rows": rows}
        other = await paid_out(ccas, lender, handoff, body)
        loss = {**LOSS, "principal_cents": 100_000}
        problem = await refused(ccas.agent.post(f"/loans/{other}/guarantee-claims", loss), 409, "rule_not_stated")
        assert problem["path"] == path


async def test_a_base_without_its_cap_being_stated_is_not_enough(databases: Databases, client: AsyncClient) -> None:
    rules = guaranteed_by("toulouse", CITY)
    version = rules.versions[-1]
    open_cap = replace(version.products[0], not_stated=(*version.products[0].not_stated, "guarantees.0.cap_cents"))
    ccas = open_with(databases, client, replace(rules, versions=(replace(version, products=(open_cap,)),)))
    _, _, loan_id = await lent(databases, ccas)
    problem = await refused(ccas.agent.post(f"/loans/{loan_id}/guarantee-claims", LOSS), 409, "rule_not_stated")
    assert problem["path"] == "guarantees.0.cap_cents"


async def test_own_funds_have_no_guarantor_unless_the_rules_name_one(
    besancon: Ccas, databases: Databases, client: AsyncClient
) -> None:
    loan_id = await disbursed(besancon)
    loss = {**LOSS, "lost_on": "2012-01-05", "principal_cents": 100_000}
    await refused(besancon.agent.post(f"/loans/{loan_id}/guarantee-claims", loss), 409, "no_guarantor")
    rules = rules_under("besancon")
    covered = tuple(
        replace(version, products=tuple(replace(product, guarantees=(FUND,)) for product in version.products))
        for version in rules.versions
    )
    ccas = open_with(databases, client, replace(rules, versions=covered))
    claim = await ok(ccas.agent.post(f"/loans/{await disbursed(ccas)}/guarantee-claims", loss))
    assert claim["claimed_cents"] == 50_000


async def test_the_same_letter_is_the_same_claim_and_another_content_is_refused(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = open_guaranteed(databases, client, CITY)
    _, _, loan_id = await lent(databases, ccas)
    claim = await lost(ccas, loan_id)
    assert (await lost(ccas, loan_id))["id"] == claim["id"]
    assert (await lost(ccas, loan_id, claimed_cents=41_405))["id"] == claim["id"]
    path = f"/loans/{loan_id}/guarantee-claims"
    for changes in ({"principal_cents": 1}, {"lost_on": "2018-09-02"}, {"interest_cents": 0}, {"claimed_cents": 5}):
        await refused(ccas.agent.post(path, {**LOSS, **changes}), 409, "reference_already_used")
    assert await claims(ccas, loan_id) == [claim]


async def test_a_claim_above_the_share_or_the_cap_is_refused_with_its_bound(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = open_guaranteed(databases, client, replace(CITY, cap_cents=30_000, cap_of=CapOf.LOSS))
    _, _, loan_id = await lent(databases, ccas)
    path = f"/loans/{loan_id}/guarantee-claims"
    problem = await refused(ccas.agent.post(path, {**LOSS, "claimed_cents": 41_406}), 409, "claim_above_share")
    assert (problem["most_cents"], problem["share_percent"]) == (41_405, "15")
    problem = await refused(ccas.agent.post(path, {**LOSS, "claimed_cents": 30_001}), 409, "claim_above_cap")
    assert (problem["most_cents"], problem["cap_cents"]) == (30_000, 30_000)
    assert await claims(ccas, loan_id) == []
    assert (await lost(ccas, loan_id))["claimed_cents"] == 30_000


async def test_the_cap_of_a_portfolio_counts_what_was_called_for_on_other_loans(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = open_guaranteed(databases, client, replace(CITY, cap_cents=60_000, cap_of=CapOf.PORTFOLIO))
    (_, _, one), (_, _, two) = await lent(databases, ccas), await lent(databases, ccas)
    assert (await of_city(ccas, as_of="2018-04-30"))["exposure_cents"] == 60_000
    first = await lost(ccas, one)
    found = await of_city(ccas)
    assert (found["called_cents"], found["room_cents"], found["exposure_cents"]) == (41_405, 18_595, 18_595)
    problem = await refused(
        ccas.agent.post(f"/loans/{two}/guarantee-claims", {**LOSS, "claimed_cents": 18_596}), 409, "claim_above_cap"
    )
    assert problem["most_cents"] == 18_595
    second = await lost(ccas, two)
    assert second["claimed_cents"] == 18_595
    reversal = {"reversed_on": "2018-09-10", "reason": "Saisi deux fois"}
    await ok(ccas.agent.post(f"/guarantee-claims/{first['id']}/reversal", reversal))
    assert (await of_city(ccas))["room_cents"] == 41_405
    assert (await lost(ccas, one))["claimed_cents"] == 41_405


async def test_each_guarantor_is_called_by_name_for_the_same_loss(databases: Databases, client: AsyncClient) -> None:
    ccas = open_guaranteed(databases, client, CITY, FUND)
    _, _, loan_id = await lent(databases, ccas)
    path = f"/loans/{loan_id}/guarantee-claims"
    problem = await refused(ccas.agent.post(path, LOSS), 409, "guarantor_not_named")
    assert problem["guarantors"] == ["Ville de Toulouse", "Fonds de cohésion sociale"]
    await refused(ccas.agent.post(path, {**LOSS, "guarantor": "L’État"}), 409, "guarantor_not_named")
    told = [await lost(ccas, loan_id, guarantor=one.guarantor) for one in (CITY, FUND)]
    # 414,045 + 1 380,15 + 981,105 €: with the lender's, the spare cent goes to the largest fraction, the guarantor's.
    assert [claim["claimed_cents"] for claim in told] == [41_405, 138_015]
    other = {**LOSS, "guarantor": FUND.guarantor, "reference": LOSS["reference"], "principal_cents": 5}
    await refused(ccas.agent.post(path, other), 409, "reference_already_used")


async def test_a_loss_is_never_more_than_the_loan_and_above_what_is_owed_it_is_an_anomaly(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = open_guaranteed(databases, client, CITY)
    lender, handoff, loan_id = await lent(databases, ccas)
    path = f"/loans/{loan_id}/guarantee-claims"
    problem = await refused(ccas.agent.post(path, {**LOSS, "principal_cents": 300_001}), 409, "loss_above_loan")
    assert problem["most_cents"] == 300_000
    line = repayment_line(handoff, 7_970, "2018-05-05", "R-1")
    await ok(lender.post("/partner/repayments", {"position_on": "2018-05-31", "items": [line]}))
    claim = await lost(ccas, loan_id, principal_cents=300_000)
    assert claim["anomalies"] == ["loss_above_outstanding"]
    other = {**LOSS, "reference": "Autre courrier", "principal_cents": 1}
    assert (await refused(ccas.agent.post(path, other), 409, "loss_above_loan"))["most_cents"] == 0


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"lost_on": "2018-04-04"}, 409, "date_out_of_order"),
        ({"lost_on": "2199-01-01"}, 409, "date_in_future"),
        ({"principal_cents": 0}, 422, "invalid"),
        ({"principal_cents": -1}, 422, "invalid"),
        ({"interest_cents": -1}, 422, "invalid"),
        ({"principal_cents": 1.5}, 422, "invalid"),
        ({"source": "partner"}, 422, "invalid"),
        ({"reference": " "}, 422, "invalid"),
        ({"principal_cents": 1, "interest_cents": 0}, 409, "claim_above_share"),
    ],
)
async def test_a_claim_that_cannot_be_is_refused_and_nothing_is_written(
    databases: Databases, client: AsyncClient, changes: Json, status: int, code: str
) -> None:
    ccas = open_guaranteed(databases, client, CITY)
    _, _, loan_id = await lent(databases, ccas)
    await refused(ccas.agent.post(f"/loans/{loan_id}/guarantee-claims", {**LOSS, **changes}), status, code)
    assert await claims(ccas, loan_id) == []


async def test_a_loan_that_was_not_paid_out_has_no_loss(databases: Databases, client: AsyncClient) -> None:
    ccas = open_guaranteed(databases, client, CITY)
    lender, handoff = await accepted_file(databases, ccas, 300_000, 36)
    made = await ok(lender.post(f"/partner/handoffs/{handoff['id']}/offers", offer(300_000, 36, "3.04")))
    path = f"/loans/{made['loan_id']}/guarantee-claims"
    await refused(ccas.agent.post(path, LOSS), 409, "illegal_transition")
    await refused(ccas.decider.post(path, LOSS), 403, "forbidden")


async def test_a_guarantor_pays_in_parts_and_never_more_than_is_left(databases: Databases, client: AsyncClient) -> None:
    ccas = open_guaranteed(databases, client, CITY)
    _, _, loan_id = await lent(databases, ccas)
    claim = await lost(ccas, loan_id)
    first = await paid(ccas, claim, 40_000)
    assert (await paid(ccas, claim, 40_000))["id"] == first["id"]
    path = f"/guarantee-claims/{claim['id']}/payments"
    body = {"amount_cents": 40_001, "paid_on": "2018-10-01", "reference": "V-1"}
    await refused(ccas.agent.post(path, body), 409, "reference_already_used")
    problem = await refused(ccas.agent.post(path, {**body, "reference": "V-2"}), 409, "payment_above_claim")
    assert problem["left_cents"] == 1_405
    for on, code in (("2018-08-31", "date_out_of_order"), ("2199-01-01", "date_in_future")):
        await refused(ccas.agent.post(path, {**body, "reference": "V-2", "paid_on": on}), 409, code)
    await paid(ccas, claim, 1_405, "V-2")
    (now,) = await claims(ccas, loan_id)
    assert (now["paid_cents"], now["left_cents"], len(now["payments"])) == (41_405, 0, 2)
    reversal = {"reversed_on": "2018-10-02", "reason": "Virement d’un autre dossier"}
    taken_back = await ok(ccas.agent.post(f"{path}/{first['id']}/reversal", reversal))
    assert taken_back["reversed_on"] == "2018-10-02"
    await refused(ccas.agent.post(f"{path}/{first['id']}/reversal", reversal), 409, "guarantee_entry_reversed")
    (now,) = await claims(ccas, loan_id)
    assert (now["paid_cents"], now["left_cents"]) == (1_405, 40_000)
    assert (await of_city(ccas, as_of="2018-10-01"))["paid_cents"] == 41_405
    assert (await of_city(ccas, as_of="2018-10-02"))["paid_cents"] == 1_405
    assert (await paid(ccas, claim, 40_000))["id"] != first["id"]


async def test_what_is_recovered_is_shared_back_as_the_loss_was(databases: Databases, client: AsyncClient) -> None:
    ccas = open_guaranteed(databases, client, CITY, FUND)
    _, _, loan_id = await lent(databases, ccas)
    loss = {"principal_cents": 200_000, "interest_cents": 0}
    city, fund = [await lost(ccas, loan_id, guarantor=one.guarantor, **loss) for one in (CITY, FUND)]
    assert (city["claimed_cents"], fund["claimed_cents"]) == (30_000, 100_000)
    await paid(ccas, city, 30_000)
    told = await recovered(ccas, loan_id, 50_000)
    # 15 % and 50 %; the rest is the lender's.
    assert [(share["guarantor"], share["cents"]) for share in told["shares"]] == [
        ("Ville de Toulouse", 7_500),
        ("Fonds de cohésion sociale", 25_000),
    ]
    assert told["lender_cents"] == 17_500
    now = {claim["guarantor"]: claim for claim in await claims(ccas, loan_id)}
    assert (now[CITY.guarantor]["to_return_cents"], now[CITY.guarantor]["left_cents"]) == (7_500, 0)
    # The fund has paid nothing: it gets nothing back, and has less to pay.
    assert (now[FUND.guarantor]["to_return_cents"], now[FUND.guarantor]["left_cents"]) == (0, 75_000)
    path = f"/loans/{loan_id}/guarantee-recoveries"
    problem = await refused(ccas.agent.post(path, recovery(150_001, "R-2")), 409, "recovery_above_loss")
    assert problem["left_cents"] == 150_000
    await recovered(ccas, loan_id, 150_000, "R-2")
    now = {claim["guarantor"]: claim for claim in await claims(ccas, loan_id)}
    assert [(one["to_return_cents"], one["left_cents"]) for one in now.values()] == [(30_000, 0), (0, 0)]


async def test_cents_recovered_one_by_one_come_back_whole(databases: Databases, client: AsyncClient) -> None:
    ccas = open_guaranteed(databases, client, CITY)
    _, _, loan_id = await lent(databases, ccas)
    claim = await lost(ccas, loan_id, principal_cents=7, interest_cents=0)
    assert claim["claimed_cents"] == 1
    shares = [await recovered(ccas, loan_id, 1, f"R-{number}") for number in range(7)]
    assert sum(one["shares"][0]["cents"] for one in shares) == 1
    assert sum(one["lender_cents"] for one in shares) == 6
    assert (await claims(ccas, loan_id))[0]["left_cents"] == 0


async def test_a_recovery_told_twice_is_one_and_one_entered_in_error_is_taken_back(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = open_guaranteed(databases, client, CITY)
    _, _, loan_id = await lent(databases, ccas)
    path = f"/loans/{loan_id}/guarantee-recoveries"
    await refused(ccas.agent.post(path, recovery(10_000)), 409, "nothing_claimed")
    claim = await lost(ccas, loan_id)
    first = await recovered(ccas, loan_id, 10_000)
    assert (await recovered(ccas, loan_id, 10_000))["id"] == first["id"]
    await refused(ccas.agent.post(path, recovery(10_001)), 409, "reference_already_used")
    await refused(ccas.agent.post(path, recovery(1, "R-2", "2018-08-31")), 409, "date_out_of_order")
    other = {**LOSS, "reference": "Autre courrier", "principal_cents": 1_000}
    await refused(ccas.agent.post(f"/loans/{loan_id}/guarantee-claims", other), 409, "recovered_before")
    reversal = {"reversed_on": "2018-12-01", "reason": "Autre dossier"}
    await refused(ccas.agent.post(f"/guarantee-claims/{claim['id']}/reversal", reversal), 409, "claim_settled_in_part")
    await ok(ccas.agent.post(f"{path}/{first['id']}/reversal", reversal))
    await refused(ccas.agent.post(f"{path}/{first['id']}/reversal", reversal), 409, "guarantee_entry_reversed")
    again = await recovered(ccas, loan_id, 10_001)
    listed = (await ok(ccas.agent.get(path)))["items"]
    assert [one["reversed_on"] for one in listed] == ["2018-12-01", None]
    assert listed[1] == again


async def test_a_claim_taken_back_lets_its_letter_be_entered_right(databases: Databases, client: AsyncClient) -> None:
    ccas = open_guaranteed(databases, client, CITY)
    _, _, loan_id = await lent(databases, ccas)
    wrong = await lost(ccas, loan_id, principal_cents=27_603)
    path, reversal = f"/guarantee-claims/{wrong['id']}", {"reversed_on": "2018-09-04", "reason": "Un zéro manquait"}
    await refused(
        ccas.agent.post(f"{path}/reversal", {**reversal, "reversed_on": "2018-08-31"}), 409, "date_out_of_order"
    )
    assert (await ok(ccas.agent.post(f"{path}/reversal", reversal)))["reversed_on"] == "2018-09-04"
    await refused(ccas.agent.post(f"{path}/reversal", reversal), 409, "guarantee_entry_reversed")
    body = {"amount_cents": 1, "paid_on": "2018-10-01", "reference": "V-1"}
    await refused(ccas.agent.post(f"{path}/payments", body), 409, "guarantee_entry_reversed")
    right = await lost(ccas, loan_id)
    assert [claim["id"] for claim in await claims(ccas, loan_id)] == [wrong["id"], right["id"]]


async def test_exposure_is_the_share_of_what_is_owed_on_the_day(databases: Databases, client: AsyncClient) -> None:
    ccas = open_guaranteed(databases, client, CITY)
    lender, handoff, loan_id = await lent(databases, ccas)
    assert (await ok(ccas.agent.get("/guarantees", as_of="2018-04-04")))["items"] == []
    start = await of_city(ccas, as_of="2018-04-05")
    # 15 % of 3 000 €, as the convention's sheet has it.
    assert (start["loans"], start["outstanding_cents"], start["exposure_cents"]) == (1, 300_000, 45_000)
    assert (start["share_percent"], start["not_stated"], start["room_cents"]) == ("15", [], None)
    line = repayment_line(handoff, 7_970, "2018-05-05", "R-1")
    await ok(lender.post("/partner/repayments", {"position_on": "2018-05-31", "items": [line]}))
    later = await of_city(ccas, as_of="2018-05-05")
    assert (later["outstanding_cents"], later["exposure_cents"]) == (292_030, 43_805)
    await lost(ccas, loan_id, principal_cents=292_030)
    found = await of_city(ccas)
    assert (found["loans"], found["exposure_cents"], found["called_cents"]) == (0, 0, 43_805)
    assert (await of_city(ccas, as_of="2018-08-31"))["exposure_cents"] == 43_805


async def test_what_is_not_stated_is_shown_as_such_and_never_computed(databases: Databases, toulouse: Ccas) -> None:
    await lent(databases, toulouse)
    found = await of_city(toulouse)
    assert found["not_stated"] == ["guarantees.0.base", "guarantees.0.cap_cents"]
    assert (found["guarantor"], found["share_percent"], found["base"]) == ("Ville de Toulouse", "15", None)
    assert (found["outstanding_cents"], found["exposure_cents"], found["room_cents"]) == (300_000, None, None)


async def test_what_was_told_is_never_changed_nor_deleted(databases: Databases, client: AsyncClient) -> None:
    ccas = open_guaranteed(databases, client, CITY)
    _, _, loan_id = await lent(databases, ccas)
    await lost(ccas, loan_id)
    for statement in ("update guarantee_claims set claimed_cents = 1", "delete from guarantee_claims"):
        for as_owner in (False, True):
            with pytest.raises(DBAPIError, match=r"only ever added to|permission denied"):
                run_sql(databases, ccas, statement, as_owner=as_owner)
