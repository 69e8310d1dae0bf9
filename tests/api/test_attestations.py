"""What is attested of a file: by whom, on which day; the last word of each fact counts when it is decided."""

import pytest
from httpx import AsyncClient
from sqlalchemy.exc import DBAPIError

from app.domain.lenders import Lender, Lending
from tests.api.test_overrides import open_changed
from tests.support import (
    APPROVAL,
    ATTESTED,
    BUDGET,
    WHOLE_LOAN,
    Ccas,
    Databases,
    Json,
    attestation,
    demand,
    etag_of,
    ok,
    refused,
    run_sql,
    submitted,
)


async def taken_in(ccas: Ccas) -> str:
    """The path of a request that was received on 3 January 2011."""
    return f"/requests/{(await ok(ccas.agent.post('/requests', demand(ccas))))['id']}"


async def attest(ccas: Ccas, path: str, fact: str, **changes: object) -> Json:
    return await ok(ccas.agent.post(f"{path}/attestations", attestation(fact, **changes)))


async def decided(ccas: Ccas, path: str, **changes: object) -> Json:
    return await ok(ccas.decider.post(f"{path}/decisions", {**APPROVAL, **changes}))


async def test_an_attestation_says_what_holds_by_whom_and_when(besancon: Ccas) -> None:
    path = await taken_in(besancon)
    said = {"attested_by": "Banque Exemple", "attested_on": "2010-12-28", "reference": "Courrier du 28 décembre"}
    made = await attest(besancon, path, "excluded_from_credit", **said)
    assert {name: made[name] for name in said} == said
    assert (made["fact"], made["holds"], path.endswith(made["request_id"])) == ("excluded_from_credit", True, True)
    later = await attest(besancon, path, "excluded_from_credit", holds=False)
    listed = await ok(besancon.manager.get(f"{path}/attestations"))
    assert listed == {"items": [made, later], "next_cursor": None}


async def test_what_was_attested_is_never_changed_or_taken_away(besancon: Ccas, databases: Databases) -> None:
    made = await attest(besancon, await taken_in(besancon), "no_other_aid")
    for statement in ("update attestations set holds = false", "delete from attestations"):
        with pytest.raises(DBAPIError, match="permission denied"):
            run_sql(databases, besancon, f"{statement} where id = :id", id=made["id"])


@pytest.mark.parametrize(
    ("days", "counted"),
    [
        ([("2011-01-05", True), ("2011-01-10", False)], False),
        ([("2011-01-10", False), ("2011-01-05", True)], False),
        ([("2011-01-05", False), ("2011-01-05", True)], True),
        ([("2011-01-20", True)], True),
    ],
    ids=["the later day", "the later day, entered first", "the later entry of one day", "the day of the decision"],
)
async def test_the_last_attestation_of_a_fact_counts(
    besancon: Ccas, days: list[tuple[str, bool]], counted: object
) -> None:
    path = f"/requests/{await submitted(besancon)}"
    for on, holds in days:
        await attest(besancon, path, "support_accepted", attested_on=on, holds=holds)
    assert (await decided(besancon, path))["facts"]["attested"]["support_accepted"] is counted


async def test_what_was_attested_after_the_decision_does_not_count(besancon: Ccas) -> None:
    path = f"/requests/{await submitted(besancon)}"
    await attest(besancon, path, "support_accepted", attested_on="2011-01-21")
    assert set((await decided(besancon, path))["facts"]["attested"]) == set(ATTESTED)


async def test_what_the_rules_ask_to_be_attested_and_is_not_is_told(besancon: Ccas) -> None:
    path = await taken_in(besancon)
    await ok(besancon.agent.post(f"{path}/assess"))
    for part, body in (("budget", BUDGET), ("financing-plan", WHOLE_LOAN)):
        await ok(besancon.agent.put(f"{path}/{part}", body, etag=await etag_of(besancon.agent, path)))
    await ok(besancon.agent.post(f"{path}/submit"))
    await attest(besancon, path, "engaged_in_project", holds=False)
    told = {
        breach["rule"]: (breach["actual"], breach["severity"]) for breach in (await decided(besancon, path))["breaches"]
    }
    assert told == {
        "attestations.excluded_from_credit": (None, "warn"),
        "attestations.engaged_in_project": ("no", "warn"),
    }


async def test_a_listing_that_the_person_tells_is_weighed_where_the_ccas_lends(besancon: Ccas) -> None:
    path = f"/requests/{await submitted(besancon)}"
    await attest(besancon, path, "ficp_listed", attested_by="La personne")
    (breach,) = (await decided(besancon, path))["breaches"]
    assert (breach["rule"], breach["limit"], breach["severity"]) == ("ficp", "accepted_under_conditions", "warn")


@pytest.mark.parametrize("fact", ["ficp_listed", "bank_banned"])
async def test_what_a_partners_consultation_tells_leaves_no_trace_here(toulouse: Ccas, fact: str) -> None:
    path = await taken_in(toulouse)
    for holds in (True, False):
        body = attestation(fact, holds=holds)
        await refused(toulouse.agent.post(f"{path}/attestations", body), 409, "partner_lends")
    assert (await ok(toulouse.agent.get(f"{path}/attestations")))["items"] == []
    await attest(toulouse, path, "over_indebted")


async def test_over_indebtedness_bars_a_loan_until_the_written_agreement_is_there(besancon: Ccas) -> None:
    path = f"/requests/{await submitted(besancon)}"
    await attest(besancon, path, "over_indebted", attested_by="La personne")
    problem = await refused(besancon.decider.post(f"{path}/decisions", APPROVAL), 409, "rules_breached")
    (breach,) = problem["breaches"]
    assert (breach["rule"], breach["overridable_by"]) == ("over_indebtedness", [])
    agreement = {"attested_by": "Commission de surendettement du Doubs", "reference": "Accord 2011-12"}
    await attest(besancon, path, "over_indebtedness_agreement", **agreement)
    assert (await decided(besancon, path))["breaches"] == []


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"attested_on": "2199-01-01"}, 409, "date_in_future"),
        ({"fact": "rich"}, 422, "invalid"),
        ({"holds": "yes"}, 422, "invalid"),
        ({"holds": None}, 422, "invalid"),
        ({"attested_by": " "}, 422, "invalid"),
        ({"attested_on": None}, 422, "invalid"),
    ],
)
async def test_an_attestation_that_says_nothing_is_refused(
    besancon: Ccas, change: Json, status: int, code: str
) -> None:
    path = await taken_in(besancon)
    await refused(besancon.agent.post(f"{path}/attestations", attestation("no_other_aid") | change), status, code)
    assert (await ok(besancon.agent.get(f"{path}/attestations")))["items"] == []


async def test_a_file_that_has_ended_takes_no_attestation(besancon: Ccas) -> None:
    path = await taken_in(besancon)
    closing = {
        "outcome": "withdrawn",
        "reason_code": "withdrawn",
        "other_answer": {"kind": "budget_advice", "given_on": "2011-01-21"},
        "closed_on": "2011-01-21",
    }
    await ok(besancon.agent.post(f"{path}/close", closing))
    problem = await refused(
        besancon.agent.post(f"{path}/attestations", attestation("no_other_aid")), 409, "request_locked"
    )
    assert problem["state"] == "withdrawn"


async def test_agents_attest_and_all_staff_read(besancon: Ccas, toulouse: Ccas) -> None:
    path = await taken_in(besancon)
    body = attestation("no_other_aid")
    for staff in (besancon.decider, besancon.manager):
        await refused(staff.post(f"{path}/attestations", body), 403, "forbidden")
        await ok(staff.get(f"{path}/attestations"))
    await refused(toulouse.agent.post(f"{path}/attestations", body), 404, "not_found")


async def test_the_agreement_in_a_procedure_of_over_indebtedness_is_written(besancon: Ccas) -> None:
    path = f"{await taken_in(besancon)}/attestations"
    body = attestation("over_indebtedness_agreement")
    for unreferenced in (body, {**body, "reference": None}):
        problem = await refused(besancon.agent.post(path, unreferenced), 422, "invalid")
        assert [(fault["pointer"], fault["code"]) for fault in problem["errors"]] == [
            ("/body/reference", "agreement_without_reference")
        ]
        assert problem["errors"][0]["message"].startswith("Un accord écrit")
    for allowed in ({**body, "holds": False}, {**body, "reference": "Accord 2011-12"}, attestation("over_indebted")):
        await ok(besancon.agent.post(path, allowed))


@pytest.mark.parametrize("fact", ["ficp_listed", "bank_banned"])
@pytest.mark.parametrize("first", list(Lending))
async def test_where_one_of_the_lenders_is_a_partner_a_consultation_leaves_no_trace(
    databases: Databases, client: AsyncClient, first: Lending, fact: str
) -> None:
    (second,) = set(Lending) - {first}
    other = Lender(code="other", name="L’autre prêteur", lending=second)
    mixed = open_changed(databases, client, lending=first, other_lenders=(other,))
    path = await taken_in(mixed)
    await refused(mixed.agent.post(f"{path}/attestations", attestation(fact)), 409, "partner_lends")
    assert (await ok(mixed.agent.get(f"{path}/attestations")))["items"] == []
