"""The key to the FICP is made for the lender as it reads, and is nowhere else; what leaves names no register."""

import logging
import re
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from app.parameters.yaml_file import load_yaml
from tests.lenders import handed_over, lender_of, prechecked, sent, taken_in
from tests.support import Ccas, Databases, ok

ROOT = Path(__file__).parents[2] / "app"
CANARY = {"first_names": "Zoé", "birth_name": "Quetzalcoatl", "usage_name": "Martin", "birth_on": "1987-06-05"}
KEY = "050687QUETZ"
# The lender that is the CCAS itself says by law that it asked nobody (Code de la consommation, article R312-2).
BY_LAW = "n’a pas consulté le fichier national des incidents de remboursement des crédits aux particuliers (FICP)"
REGISTER = re.compile(r"\bFICP\b|\bfich(é|ée|és|ées|age)\b|incidents? de (paiement|remboursement)", re.IGNORECASE)


def whole_database(databases: Databases) -> str:
    """Every row of every table."""
    engine = create_engine(databases.admin_url)
    with engine.connect() as connection:
        tables = connection.scalars(text("select tablename from pg_tables where schemaname = 'public'")).all()
        rows = [row for table in tables for row in connection.scalars(text(f'select t::text from "{table}" t'))]  # noqa: S608
    engine.dispose()
    return "\n".join(rows)


async def test_the_key_is_read_by_the_lender_alone_while_the_payload_is_open_and_left_nowhere(
    databases: Databases,
    toulouse: Ccas,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    lender = lender_of(databases, toulouse)
    request = await taken_in(toulouse, applicant={**CANARY, "commune_insee_code": toulouse.insee_code})
    handoff = await handed_over(toulouse, request["id"], "precheck", "2018-03-02")
    path = f"/partner/handoffs/{handoff['id']}"
    read = await ok(lender.get(path))
    assert read["ficp_query_keys"] == {"applicant": KEY, "co_applicant": None}
    assert KEY not in str(read["payload"])
    assert (read["payload"], read["payload_sha256"]) == (handoff["payload"], handoff["payload_sha256"])
    assert "ficp_query_keys" not in await ok(toulouse.agent.get(f"/handoffs/{handoff['id']}"))
    assert "QUETZ" not in str(await ok(lender.get("/partner/handoffs")))
    await ok(lender.post(f"{path}/acknowledgements"))
    withdrawal = {"withdrawn_on": "2018-03-06", "reason": "Erreur"}
    await ok(toulouse.agent.post(f"/handoffs/{handoff['id']}/withdrawals", withdrawal))
    assert (await ok(lender.get(path)))["ficp_query_keys"] is None

    database = whole_database(databases)
    assert "Quetzalcoatl" in database
    out, err = capfd.readouterr()
    for place in (database, caplog.text, out, err):
        assert KEY not in place


async def test_what_a_ccas_sends_to_people_names_no_register() -> None:
    templates = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in (ROOT / "documents").rglob("*.typ")
    }
    assert len(templates) > 10
    named = {name: found[0] for name, said in templates.items() if (found := REGISTER.search(said.replace(BY_LAW, "")))}
    assert named == {}
    words = load_yaml(ROOT / "messages" / "fr.yaml")
    told = {**words["letters"], **words["words"]}
    assert {name: said for name, said in told.items() if REGISTER.search(said)} == {}
    codes = load_yaml(ROOT / "parameters" / "codes.yaml")
    assert {name: said for name, said in codes["reasons"].items() if REGISTER.search(str(said))} == {}


async def test_no_read_of_the_staff_tells_a_conclusion_or_its_reference(databases: Databases, toulouse: Ccas) -> None:
    lender = lender_of(databases, toulouse)
    handoff = await sent(toulouse, lender, 300_000, 36)
    request = await taken_in(toulouse)
    refused = await prechecked(toulouse, lender, request, "unfavorable")
    paths = [
        *(f"/requests/{one['request_id']}/ficp-checks" for one in (handoff, refused)),
        *(f"/requests/{one['request_id']}/timeline" for one in (handoff, refused)),
        *(f"/handoffs/{one['id']}" for one in (handoff, refused)),
        *("/handoffs", "/events", "/worklist", "/requests"),
    ]
    for path in paths:
        said = str(await ok(toulouse.agent.get(path)))
        assert not any(word in said for word in ("unfavorable", "to_clear", "consultation_ref", "P-0")), path
    (standing,) = (await ok(toulouse.agent.get(paths[1])))["items"]
    assert set(standing) == {
        *("partner", "stage", "standing", "effect", "told_by"),
        *("consulted_on", "valid_until", "check_wanted"),
    }
