"""The social assessment: what the agent found and proposes, kept in revisions, frozen when the file is submitted."""

from typing import Any

import pytest
from sqlalchemy.exc import ProgrammingError

from tests.support import Ccas, Databases, Json, demand, etag_of, ok, refused, run_sql, submitted

ASSESSMENT: Json = {
    "needs": "Aller travailler",
    "viability": "Une promesse d’embauche",
    "diagnosis": "Un budget tenu, sans épargne",
    "expected_improvement": "Un emploi durable",
    "opinion": "Favorable",
    "proposal": {"loan_cents": 200_000, "instalment_cents": 8_500, "duration_months": 24, "grant_cents": 30_000},
    "assessed_on": "2011-01-10",
}
NOTHING_LENT: Json = {"loan_cents": 0, "grant_cents": 0}


async def taken_in(ccas: Ccas) -> str:
    return f"/requests/{(await ok(ccas.agent.post('/requests', demand(ccas))))['id']}"


async def put(ccas: Ccas, path: str, **changes: Any) -> Json:
    body = {**ASSESSMENT, **changes}
    return await ok(ccas.agent.put(f"{path}/assessment", body, etag=await etag_of(ccas.agent, path)))


async def test_what_was_found_and_proposed_is_read_back(besancon: Ccas) -> None:
    path = await taken_in(besancon)
    await refused(besancon.agent.get(f"{path}/assessment"), 404, "not_found")
    written = await put(besancon, path)
    assert {name: written[name] for name in ASSESSMENT} == ASSESSMENT
    assert (written["revision"], written["account_id"]) == (1, str(besancon.agent.account_id))
    assert await ok(besancon.decider.get(f"{path}/assessment")) == written


async def test_the_right_answer_may_be_no_loan_at_all(besancon: Ccas) -> None:
    """« La réponse adaptée à leur demande n'est pas forcément le microcrédit » (Besançon)."""
    proposal = (await put(besancon, await taken_in(besancon), proposal=NOTHING_LENT))["proposal"]
    assert proposal == {**NOTHING_LENT, "instalment_cents": None, "duration_months": None}


async def test_each_change_adds_a_revision_under_the_version_of_the_request(
    besancon: Ccas, databases: Databases
) -> None:
    path = await taken_in(besancon)
    before = await etag_of(besancon.agent, path)
    assert [(await put(besancon, path))["revision"] for _ in range(2)] == [1, 2]
    assert await etag_of(besancon.agent, path) == await etag_of(besancon.agent, f"{path}/assessment") == '"3"'
    await refused(besancon.agent.put(f"{path}/assessment", ASSESSMENT, etag=before), 412, "version_stale")
    await refused(besancon.agent.put(f"{path}/assessment", ASSESSMENT, etag=None), 428, "version_missing")
    kept = run_sql(databases, besancon, "select revision from assessments order by revision")
    assert [row["revision"] for row in kept] == [1, 2]
    with pytest.raises(ProgrammingError, match="permission denied"):
        run_sql(databases, besancon, "update assessments set opinion = 'Défavorable'")


async def test_it_is_frozen_when_the_file_is_submitted(besancon: Ccas) -> None:
    path = f"/requests/{await submitted(besancon)}"
    etag = await etag_of(besancon.agent, path)
    await refused(besancon.agent.put(f"{path}/assessment", ASSESSMENT, etag=etag), 409, "request_locked")
    await refused(besancon.agent.get(f"{path}/assessment"), 404, "not_found")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"assessed_on": "2199-01-01"}, 409, "date_in_future"),
        ({"assessed_on": "2011-01-02"}, 409, "date_out_of_order"),
        ({"proposal": {**NOTHING_LENT, "duration_months": 12}}, 422, "invalid"),
        ({"proposal": {"loan_cents": -1, "grant_cents": 0}}, 422, "invalid"),
        ({"diagnosis": " "}, 422, "invalid"),
    ],
)
async def test_what_cannot_be_is_refused_and_leaves_nothing(
    besancon: Ccas, change: Json, status: int, code: str
) -> None:
    path = await taken_in(besancon)
    etag = await etag_of(besancon.agent, path)
    await refused(besancon.agent.put(f"{path}/assessment", {**ASSESSMENT, **change}, etag=etag), status, code)
    await refused(besancon.agent.get(f"{path}/assessment"), 404, "not_found")
    assert await etag_of(besancon.agent, path) == etag


async def test_another_ccas_sees_no_assessment(besancon: Ccas, toulouse: Ccas) -> None:
    path = await taken_in(besancon)
    await put(besancon, path)
    await refused(toulouse.agent.get(f"{path}/assessment"), 404, "not_found")
    await refused(toulouse.agent.put(f"{path}/assessment", ASSESSMENT, etag='"2"'), 404, "not_found")
