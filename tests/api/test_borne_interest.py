"""Interest that third parties bear, over HTTP: by month, on numbered statements, refunded at the end."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy.exc import DBAPIError

from app.domain.lenders import InterestAid, PaidWhen, Payer, RefundCondition
from tests.api.test_guarantee_claims import CITY, LOSS, lent, open_guaranteed
from tests.lenders import Lender, accepted_file, offer, offered_by, paid_out, repayment_line, rules_under, signed
from tests.support import Ccas, Databases, Json, ok, open_with, refused, run_sql

MONTHS = [(2018 + (4 + place) // 12, (4 + place) % 12 + 1) for place in range(36)]


async def month(ccas: Ccas, year: int, month: int, **query: Any) -> list[Json]:
    """The statements of a month."""
    items: list[Json] = (await ok(ccas.agent.get("/borne-interest", year=year, month=month, **query)))["items"]
    return items


async def numbered(ccas: Ccas, year: int, month: int, **changes: Any) -> Json:
    """The statement of a month, numbered."""
    body = {"year": year, "month": month, "partner": ccas.lender, "payer": "city", **changes}
    return await ok(ccas.agent.post("/borne-interest/statements", body))


def amounts(statement: Json) -> list[tuple[str, int, bool]]:
    """The lines of a numbered statement: due date, cents, whether it corrects an earlier one."""
    return [(line["due_on"], line["cents"], line["correction"]) for line in statement["lines"]]


async def told(lender: Lender, handoff: Json, *paid: tuple[str, int], position_on: str, **changes: Any) -> None:
    """A statement of repayments of one loan."""
    items = [repayment_line(handoff, cents, on, f"R-{on}-{handoff['id'][-6:]}", **changes) for on, cents in paid]
    answer = await ok(lender.post("/partner/repayments", {"position_on": position_on, "items": items}))
    assert {item["status"] for item in answer["items"]} == {"recorded"}


async def test_36_monthly_statements_of_3000_euros_sum_to_142_70(databases: Databases, toulouse: Ccas) -> None:
    """Project reference, § 2.2: « invoice it instalment by instalment: 7.60, 7.40, 7.20, … »."""
    _, _, loan_id = await lent(databases, toulouse)
    reference = (await ok(toulouse.agent.get(f"/loans/{loan_id}")))["reference"]
    found = [statement for year, number in MONTHS for statement in await month(toulouse, year, number)]
    assert [statement["total_cents"] for statement in found[:4]] == [760, 740, 720, 699]
    assert (len(found), sum(statement["total_cents"] for statement in found)) == (36, 14_270)
    line = {"loan_id": loan_id, "loan_reference": reference, "instalment_ref": 1, "due_on": "2018-05-05", "cents": 760}
    assert found[0] == {"partner": toulouse.lender, "payer": "city", "year": 2018, "month": 5, "lines": [line],
                        "total_cents": 760, "reference": None}  # fmt: skip
    assert (found[-1]["year"], found[-1]["month"], found[-1]["total_cents"]) == (2021, 4, 22)
    assert await month(toulouse, 2018, 4) == await month(toulouse, 2021, 5) == []


async def test_loans_of_one_month_come_together_and_only_those_paid_out(databases: Databases, toulouse: Ccas) -> None:
    for _ in range(2):
        await lent(databases, toulouse)
    lender, handoff = await accepted_file(databases, toulouse, 300_000, 36)
    loan_id = await offered_by(toulouse, lender, handoff, offer(300_000, 36, "3.04", number="O-unpaid"))
    await signed(toulouse, loan_id)
    (statement,) = await month(toulouse, 2018, 6)
    assert [line["cents"] for line in statement["lines"]] == [740, 740]
    assert statement["total_cents"] == 1_480
    assert await month(toulouse, 2018, 6, payer="region") == []
    assert await month(toulouse, 2018, 6, payer="city", partner=toulouse.lender) == [statement]
    await refused(toulouse.agent.get("/borne-interest", year=2018, month=6, partner="nobody"), 409, "unknown_partner")


async def test_what_the_borrower_pays_is_on_no_statement(databases: Databases, amiens: Ccas) -> None:
    lender, handoff = await accepted_file(databases, amiens, 200_000, 24)
    await paid_out(amiens, lender, handoff, offer(200_000, 24, "6.20"))
    assert await month(amiens, 2018, 5) == []


async def test_a_past_month_is_the_same_as_it_was_known_whatever_was_entered_since(
    databases: Databases, toulouse: Ccas
) -> None:
    await lent(databases, toulouse)
    before, known_at = await month(toulouse, 2018, 5), datetime.now(UTC).isoformat().replace("+00:00", "Z")
    await lent(databases, toulouse)
    assert (await month(toulouse, 2018, 5))[0]["total_cents"] == 1_520
    assert await month(toulouse, 2018, 5, known_at=known_at) == before
    assert before[0]["total_cents"] == 760
    assert await month(toulouse, 2018, 5, known_at="2018-05-31T00:00:00Z") == []


async def test_nothing_falls_due_of_a_loan_once_it_is_repaid(databases: Databases, toulouse: Ccas) -> None:
    lender, handoff, _ = await lent(databases, toulouse)
    await told(lender, handoff, ("2018-05-05", 7_970), ("2018-06-20", 292_030), position_on="2018-06-30")
    # The time of the third instalment had begun when the loan was settled.
    found = [[one["total_cents"] for one in await month(toulouse, 2018, number)] for number in (5, 6, 7, 8)]
    assert found == [[760], [740], [720], []]


async def test_nothing_falls_due_of_a_loan_that_the_lender_says_is_repaid(databases: Databases, toulouse: Ccas) -> None:
    lender, handoff, _ = await lent(databases, toulouse)
    paid = ("2018-05-05", 290_000)
    await told(lender, handoff, paid, position_on="2018-05-31", outstanding_principal_cents=0)
    found = [[one["total_cents"] for one in await month(toulouse, 2018, number)] for number in (5, 6)]
    assert found == [[760], []]


async def test_nothing_falls_due_of_a_loan_that_is_lost(databases: Databases, client: AsyncClient) -> None:
    ccas = open_guaranteed(databases, client, CITY)
    _, _, loan_id = await lent(databases, ccas)
    await ok(ccas.agent.post(f"/loans/{loan_id}/guarantee-claims", LOSS))
    found = [[one["total_cents"] for one in await month(ccas, 2018, number)] for number in (8, 9, 10)]
    assert [len(totals) for totals in found] == [1, 1, 0]


async def test_the_file_for_a_spreadsheet_has_one_line_for_each_instalment(
    databases: Databases, toulouse: Ccas
) -> None:
    _, _, loan_id = await lent(databases, toulouse)
    reference = (await ok(toulouse.agent.get(f"/loans/{loan_id}")))["reference"]
    answer = await toulouse.agent.get("/borne-interest.csv", year=2018, month=5)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert answer.headers["content-disposition"] == 'attachment; filename="borne-interest.csv"'
    assert answer.text == (
        "PRETEUR;PAYEUR;EXERCICE;MOIS;NUM_PRET;REF_ECHEANCE;DATE_ECHEANCE;MONTANT_INTERETS\r\n"
        f"{toulouse.lender};city;2018;5;{reference};{reference}-001;05/05/2018;7,60\r\n"
    )


async def test_a_statement_is_numbered_once_and_never_changes(databases: Databases, toulouse: Ccas) -> None:
    await lent(databases, toulouse)
    first = await numbered(toulouse, 2018, 5)
    assert (first["reference"], first["total_cents"]) == ("I-2018-0001", 760)
    assert amounts(first) == [("2018-05-05", 760, False)]
    assert (await month(toulouse, 2018, 5))[0]["reference"] == "I-2018-0001"
    path, body = "/borne-interest/statements", {"year": 2018, "month": 5, "partner": toulouse.lender, "payer": "city"}
    problem = await refused(toulouse.agent.post(path, body), 409, "statement_already_numbered")
    assert problem["reference"] == "I-2018-0001"
    await lent(databases, toulouse)
    assert await ok(toulouse.agent.get(f"{path}/{first['id']}")) == first
    listed = (await ok(toulouse.agent.get(path, year=2018)))["items"]
    assert listed == [{name: value for name, value in first.items() if name not in ("lines", "account_id")}]
    assert (await ok(toulouse.agent.get(path, year=2019)))["items"] == []
    for statement in ("update borne_interest_lines set cents = 1", "delete from borne_interest_statements"):
        with pytest.raises(DBAPIError, match=r"only ever added to|permission denied"):
            run_sql(databases, toulouse, statement, as_owner=True)


async def test_what_changed_in_a_numbered_month_is_corrected_in_the_next_and_each_instalment_billed_once(
    databases: Databases, toulouse: Ccas
) -> None:
    lender, handoff, _ = await lent(databases, toulouse)
    bills = [await numbered(toulouse, 2018, number) for number in (5, 6, 7)]
    assert [one["total_cents"] for one in bills] == [760, 740, 720]
    await lent(databases, toulouse)
    late = await numbered(toulouse, 2018, 8)
    assert amounts(late) == [
        ("2018-05-05", 760, True), ("2018-06-05", 740, True), ("2018-07-05", 720, True),
        ("2018-08-05", 699, False), ("2018-08-05", 699, False),
    ]  # fmt: skip
    assert late["total_cents"] == 3_618
    # The first loan had been repaid in May: what was billed of it from July on was not due.
    await told(lender, handoff, ("2018-05-20", 300_000), position_on="2018-08-31")
    corrected = await numbered(toulouse, 2018, 9)
    assert amounts(corrected) == [
        ("2018-07-05", -720, True), ("2018-08-05", -699, True), ("2018-09-05", 679, False),
    ]  # fmt: skip
    assert amounts(await numbered(toulouse, 2018, 10)) == [("2018-10-05", 659, False)]


async def test_months_are_numbered_in_any_order_and_sum_to_the_same(databases: Databases, toulouse: Ccas) -> None:
    await lent(databases, toulouse)
    bills = [await numbered(toulouse, year, number) for year, number in reversed(MONTHS)]
    assert sum(one["total_cents"] for one in bills) == 14_270
    assert {line["correction"] for one in bills for line in one["lines"]} == {False}
    assert bills[-1]["reference"] == "I-2018-0008"


async def test_a_month_that_is_not_over_or_bears_nothing_is_not_numbered(databases: Databases, toulouse: Ccas) -> None:
    await lent(databases, toulouse)
    path, body = "/borne-interest/statements", {"year": 2018, "month": 5, "partner": toulouse.lender, "payer": "city"}
    today = datetime.now(UTC).date()
    this_month = {"year": today.year, "month": today.month}
    for changes, code in (
        ({"month": 4}, "nothing_borne"),
        ({"payer": "region"}, "nothing_borne"),
        (this_month, "month_not_over"),
        ({"year": 2199}, "month_not_over"),
        ({"partner": "nobody"}, "unknown_partner"),
    ):
        await refused(toulouse.agent.post(path, {**body, **changes}), 409, code)
    await refused(toulouse.agent.post(path, {**body, "month": 13}), 422, "invalid")
    await refused(toulouse.agent.get("/borne-interest", year=2018), 422, "invalid")
    assert (await ok(toulouse.agent.get(path, year=2018)))["items"] == []
    assert (await numbered(toulouse, 2018, 5))["reference"] == "I-2018-0001"


# Refunds at the end.

AT_END = InterestAid(
    payer=Payer.CCAS,
    paid=PaidWhen.AT_THE_END,
    conditions=(RefundCondition.FULLY_REPAID, RefundCondition.NEVER_LATE),
)


def open_refunding(databases: Databases, client: AsyncClient, *aids: InterestAid) -> Ccas:
    """A CCAS with Amiens' rules, but that interest is given back at the end: 6,20 % over 24 months, 131,73 €."""
    rules = rules_under("amiens")
    version = rules.versions[-1]
    changed = replace(version.products[0], interest_aids=aids)
    return open_with(databases, client, replace(rules, versions=(replace(version, products=(changed,)),)))


async def borrowed(databases: Databases, ccas: Ccas) -> tuple[Lender, Json, str]:
    """A loan of 2 000 € over 24 months of the bank, paid out on 5 April 2018, first due on 5 May."""
    lender, handoff = await accepted_file(databases, ccas, 200_000, 24)
    body = offer(200_000, 24, "6.20", number=f"O-{handoff['id'][-12:]}")
    return lender, handoff, await paid_out(ccas, lender, handoff, body)


def instalments(late: int = 0) -> list[tuple[str, int]]:
    """Every instalment, on its due date or so many days after."""
    days = [date(2018 + (4 + place) // 12, (4 + place) % 12 + 1, 5 + late) for place in range(24)]
    return [(day.isoformat(), 8_882 if day != days[-1] else 8_887) for day in days]


REFUND: Json = {"refunded_on": "2020-05-04", "reference": "Mandat 412"}


async def test_interest_is_given_back_once_when_all_was_repaid_on_time(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = open_refunding(databases, client, AT_END)
    lender, handoff, loan_id = await borrowed(databases, ccas)
    path = f"/loans/{loan_id}/interest-refunds"
    await told(lender, handoff, *instalments()[:-1], position_on="2020-03-31")
    await refused(ccas.agent.post(path, REFUND), 409, "loan_not_repaid")
    await told(lender, handoff, instalments()[-1], position_on="2020-04-30")
    await refused(ccas.agent.post(path, {**REFUND, "refunded_on": "2020-04-04"}), 409, "loan_not_repaid")
    await refused(ccas.agent.post(path, {**REFUND, "refunded_on": "2199-04-04"}), 409, "date_in_future")
    await refused(ccas.agent.post(path, {**REFUND, "payer": "region"}), 409, "refund_not_promised")
    made = await ok(ccas.agent.post(path, REFUND))
    assert (made["payer"], made["amount_cents"]) == ("ccas", 13_173)
    assert made["conditions"] == ["fully_repaid", "never_late"]
    problem = await refused(ccas.agent.post(path, REFUND), 409, "already_refunded")
    assert problem["refunded_on"] == "2020-05-04"
    assert (await ok(ccas.agent.get(path)))["items"] == [made]


async def test_one_late_instalment_forfeits_a_refund_that_asks_for_none(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = open_refunding(databases, client, AT_END)
    lender, handoff, loan_id = await borrowed(databases, ccas)
    await told(lender, handoff, *instalments(late=4), position_on="2020-04-30")
    problem = await refused(
        ccas.agent.post(f"/loans/{loan_id}/interest-refunds", REFUND), 409, "refund_condition_not_met"
    )
    assert problem["condition"] == "never_late"
    attested = {**REFUND, "attested": ["never_late"]}
    await refused(ccas.agent.post(f"/loans/{loan_id}/interest-refunds", attested), 422, "invalid")


async def test_a_debit_of_a_sunday_collected_on_the_monday_is_not_late(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = open_refunding(databases, client, AT_END)
    lender, handoff, loan_id = await borrowed(databases, ccas)
    # 5 May 2018 was a Saturday, and 5 August a Sunday.
    moved = {"2018-05-05": "2018-05-07", "2018-08-05": "2018-08-06"}
    paid = [(moved.get(on, on), cents) for on, cents in instalments()]
    await told(lender, handoff, *paid, position_on="2020-04-30")
    made = await ok(ccas.agent.post(f"/loans/{loan_id}/interest-refunds", REFUND))
    assert made["amount_cents"] == 13_173


async def test_what_the_ccas_attests_is_asked_for_by_name(databases: Databases, client: AsyncClient) -> None:
    """Half of the interest, as in Paris; half a cent makes a cent."""
    asked = (RefundCondition.NO_SERIOUS_INCIDENT, RefundCondition.ASKED_FOR_BY_THE_BORROWER)
    half = InterestAid(payer=Payer.CITY, share_percent=Decimal(50), paid=PaidWhen.AT_THE_END, conditions=asked)
    ccas = open_refunding(databases, client, half)
    lender, handoff, loan_id = await borrowed(databases, ccas)
    await told(lender, handoff, *instalments(late=4), position_on="2020-04-30")
    path = f"/loans/{loan_id}/interest-refunds"
    for attested, missing in (([], "no_serious_incident"), (["no_serious_incident"], "asked_for_by_the_borrower")):
        body = {**REFUND, "attested": attested}
        problem = await refused(ccas.agent.post(path, body), 409, "refund_condition_not_met")
        assert problem["condition"] == missing
    made = await ok(ccas.agent.post(path, {**REFUND, "attested": [condition.value for condition in asked]}))
    rows = (await ok(ccas.agent.get(f"/loans/{loan_id}/schedule")))["rows"]
    assert made["amount_cents"] == sum((row["interest_cents"] + 1) // 2 for row in rows)


async def test_of_a_loan_settled_early_only_the_interest_that_was_paid_is_given_back(
    databases: Databases, client: AsyncClient
) -> None:
    ccas = open_refunding(databases, client, AT_END)
    lender, handoff, loan_id = await borrowed(databases, ccas)
    await told(lender, handoff, *instalments()[:11], position_on="2019-03-31")
    # With the twelfth instalment, 88,82 €, the balance after it, 1 030,93 €: 34,96 € of interest are saved.
    await told(lender, handoff, ("2019-04-05", 111_975), position_on="2019-04-30", outstanding_principal_cents=0)
    made = await ok(ccas.agent.post(f"/loans/{loan_id}/interest-refunds", REFUND))
    assert made["amount_cents"] == 13_173 - 3_496


async def test_nothing_is_given_back_where_the_rules_promise_nothing(databases: Databases, amiens: Ccas) -> None:
    lender, handoff, loan_id = await borrowed(databases, amiens)
    await told(lender, handoff, *instalments(), position_on="2020-04-30")
    await refused(amiens.agent.post(f"/loans/{loan_id}/interest-refunds", REFUND), 409, "refund_not_promised")
    assert (await ok(amiens.agent.get(f"/loans/{loan_id}/interest-refunds")))["items"] == []
