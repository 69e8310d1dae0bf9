"""Partners and their credentials made by the command, and agreements as `microcredit tenants load` writes them."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from app.cli import main
from app.tenants import seed_files
from tests.lenders import sent
from tests.support import Ccas, Databases, Json, ok, refused

NAME = "Banque coopérative d'Exemple"
Run = Callable[..., int]
# What a file of rules says of Amiens' bank, and the end of its one signed agreement.
SIGNED = """    planned: false
    reference: Convention entre le CCAS d'Amiens, la Caisse des Dépôts et Consignations et le Crédit Mutuel"""
OPEN_END = """    valid_from: null
    valid_from_precision: null
    valid_to: null
    source: "« Cette convention"""


@pytest.fixture
def run(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `microcredit` on the database as its owner."""
    monkeypatch.setenv("DATABASE_OWNER_URL", databases.owner_url)
    return lambda *arguments: main([str(argument) for argument in arguments])


@pytest.fixture
def code() -> str:
    """The code of a partner that no other test has."""
    return f"banque_{uuid4().hex[:8]}"


def rows(databases: Databases, statement: str, **values: Any) -> list[Json]:
    engine = databases.owner()
    with engine.connect() as connection:
        found = [dict(row) for row in connection.execute(text(statement), values).mappings()]
    engine.dispose()
    return found


def credentials(told: str) -> tuple[str, str]:
    """The two lines that the command prints, and nothing else."""
    matched = re.fullmatch(r"client_id=(\S+)\nclient_secret=(mcs_[A-Za-z0-9_-]{43})\n", told)
    assert matched, told
    return matched[1], matched[2]


async def who_is(client: AsyncClient, client_id: str, secret: str) -> Json:
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    token = await ok(client.post("/v1/auth/token", data=form))
    return await ok(client.get("/v1/me", headers={"Authorization": f"Bearer {token['access_token']}"}))


# Partners


async def test_a_partner_is_added_and_its_machine_signs_in(
    databases: Databases, client: AsyncClient, run: Run, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("partners", "add", code, "--name", NAME) == 0
    told = capsys.readouterr()
    client_id, secret = credentials(told.out)
    assert told.err == ""
    me = await who_is(client, client_id, secret)
    assert (me["partner"], me["tenant"], me["roles"]) == (code, None, ["partner"])
    (partner,) = rows(databases, "select name from partners where code = :code", code=code)
    assert partner["name"] == NAME
    # The secret is shown once: what is kept does not hold it.
    (kept,) = rows(databases, "select c::text as whole from partner_clients c where client_id = :id", id=client_id)
    assert secret not in kept["whole"]
    wrong = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret[:-1]}
    await refused(client.post("/v1/auth/token", data=wrong), 401, "client_refused")


async def test_a_known_partner_gets_second_credentials_and_both_work(
    databases: Databases, client: AsyncClient, run: Run, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("partners", "add", code, "--name", NAME) == 0
    first = credentials(capsys.readouterr().out)
    assert run("partners", "add", code, "--name", "Un autre nom") == 0
    second = credentials(capsys.readouterr().out)
    assert first != second
    for client_id, secret in (first, second):
        assert (await who_is(client, client_id, secret))["partner"] == code
    mixed = {"grant_type": "client_credentials", "client_id": first[0], "client_secret": second[1]}
    await refused(client.post("/v1/auth/token", data=mixed), 401, "client_refused")
    assert run("partners", "add", code) == 1
    told = f"2 credentials are active: revoke one first ({first[0]}, {second[0]})"
    assert capsys.readouterr() == ("", f"microcredit partners: {told}\n")
    # A known partner keeps its name.
    assert [row["name"] for row in rows(databases, "select name from partners where code = :code", code=code)] == [NAME]


async def test_credentials_that_are_revoked_end_at_once_and_the_others_go_on(
    databases: Databases, client: AsyncClient, run: Run, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run("partners", "add", code, "--name", NAME)
    run("partners", "add", code)
    (lost, secret), kept = re.findall(r"client_id=(\S+)\nclient_secret=(\S+)\n", capsys.readouterr().out)
    form = {"grant_type": "client_credentials", "client_id": lost, "client_secret": secret}
    token = (await ok(client.post("/v1/auth/token", data=form)))["access_token"]
    assert run("partners", "revoke", lost) == 0
    await refused(client.post("/v1/auth/token", data=form), 401, "client_refused")
    await refused(client.get("/v1/me", headers={"Authorization": f"Bearer {token}"}), 401, "token_refused")
    assert (await who_is(client, *kept))["partner"] == code
    assert run("partners", "revoke", "nobody-0000") == 1
    assert capsys.readouterr().err == "microcredit partners: no credentials are called nobody-0000\n"


async def test_a_partner_that_an_agreement_names_needs_no_name_and_reads_what_lies_before_it(
    amiens: Ccas, client: AsyncClient, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    handoff = await sent(amiens, None, 200_000, 24)
    assert run("partners", "add", amiens.lender) == 0
    client_id, secret = credentials(capsys.readouterr().out)
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    token = (await ok(client.post("/v1/auth/token", data=form)))["access_token"]
    inbox = await ok(client.get("/v1/partner/handoffs", headers={"Authorization": f"Bearer {token}"}))
    assert [item["id"] for item in inbox["items"]] == [handoff["id"]]


@pytest.mark.parametrize("name", [[], ["--name", ""], ["--name", "  "]])
def test_a_new_partner_without_a_name_is_refused(
    databases: Databases, run: Run, code: str, capsys: pytest.CaptureFixture[str], name: list[str]
) -> None:
    assert run("partners", "add", code, *name) == 1
    told = capsys.readouterr()
    assert told == ("", f"microcredit partners: no partner is called {code} yet: give its name with --name\n")
    assert rows(databases, "select code from partners where code = :code", code=code) == []


@pytest.mark.parametrize(
    "wrong", ["b", "Banque", "1banque", "_banque", "banque-postale", "banque\n", "é" * 5, "b" * 64]
)
def test_a_code_that_cannot_be_is_refused_in_one_sentence(
    databases: Databases, run: Run, capsys: pytest.CaptureFixture[str], wrong: str
) -> None:
    assert run("partners", "add", "--name", NAME, "--", wrong) == 1
    told = capsys.readouterr()
    (line,) = told.err.splitlines()
    assert (told.out, line.startswith("microcredit partners: a code is")) == ("", True)
    assert rows(databases, "select code from partners where code = :code", code=wrong) == []


def test_a_database_that_is_away_is_told_in_one_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgresql+psycopg://nobody@/nothing?host=/nowhere&port=1")
    assert run("partners", "add", "banque", "--name", NAME) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("microcredit partners: ")


def test_an_act_that_does_not_exist_is_a_fault_of_usage(run: Run) -> None:
    with pytest.raises(SystemExit) as left:
        run("partners", "remove", "banque")
    assert left.value.code == 2


# Agreements


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Amiens' rules under a slug, and with partners, that no other test has."""
    own = uuid4().hex[:8]
    told = next(path for path in seed_files() if path.stem == "amiens").read_text("utf-8")
    told = told.replace("slug: amiens", f"slug: amiens-{own}")
    for partner in ("credit_mutuel", "banque_postale", "caisse_epargne"):
        told = told.replace(partner, f"{partner}_{own}")
    path = tmp_path / "amiens.yaml"
    path.write_text(told, "utf-8")
    return path


def changed(file: Path, before: str, after: str) -> Path:
    told = file.read_text("utf-8")
    assert told.count(before) == 1, before
    file.write_text(told.replace(before, after), "utf-8")
    return file


def agreements(databases: Databases, file: Path) -> list[Json]:
    """The agreements of the tenant of a file, by the names of their partners; its rules are bound to it."""
    slug = file.read_text("utf-8").partition("slug: ")[2].splitlines()[0]
    engine = databases.owner()
    with engine.begin() as connection:
        bind = text("select set_config('app.tenant_id', (select id::text from tenants where slug = :slug), true)")
        connection.execute(bind, {"slug": slug})
        statement = text(
            "select p.name as partner, a.planned, a.valid_from, a.valid_to, a.reference, a.id, a.entered_at"
            " from agreements a join partners p on p.id = a.partner_id order by p.name, a.valid_from"
        )
        found = [dict(row) for row in connection.execute(statement).mappings()]
    engine.dispose()
    return found


def refusal(told: pytest.CaptureFixture[str]) -> str:
    """The one sentence of a refusal, without a word of SQL."""
    out, error = told.readouterr()
    (line,) = error.splitlines()
    assert out == ""
    assert "insert" not in line.lower()
    return str(line)


def test_a_file_loads_its_partners_and_agreements_and_loading_it_again_changes_nothing(
    databases: Databases, run: Run, file: Path
) -> None:
    assert run("tenants", "load", file) == 0
    loaded = agreements(databases, file)
    assert [(row["partner"], row["planned"]) for row in loaded] == [
        ("Banque Postale", True), ("Caisse d'Épargne", True), ("Crédit Mutuel", False),
    ]  # fmt: skip
    assert run("tenants", "load", file, file) == 0
    assert agreements(databases, file) == loaded


def test_a_planned_agreement_may_be_signed_with_its_limits(databases: Databases, run: Run, file: Path) -> None:
    assert run("tenants", "load", file) == 0
    before = agreements(databases, file)
    told = file.read_text("utf-8")
    head, _, tail = told.partition("    planned: true\n")
    signed = tail.replace("valid_from: null\n    valid_from_precision: null", "valid_from: 2011-12-01\n"
                          "    valid_from_precision: month\n    amount_cents_max: 150000", 1)  # fmt: skip
    # The merge key would carry the signature over to the other bank.
    signed = signed.replace("partner: caisse_epargne", "planned: true\n    partner: caisse_epargne", 1)
    file.write_text(f"{head}    planned: false\n{signed}", "utf-8")
    assert run("tenants", "load", file) == 0
    after = agreements(databases, file)
    assert [row["id"] for row in after] == [row["id"] for row in before]
    assert [row["planned"] for row in after] == [False, True, False]
    assert str(after[0]["valid_from"]) == "2011-12-01"
    assert run("tenants", "load", file) == 0
    assert agreements(databases, file) == after


def test_a_signed_agreement_may_be_given_an_end_once_and_another_may_follow_it(
    databases: Databases, run: Run, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("tenants", "load", file) == 0
    ended = OPEN_END.replace("valid_to: null", "valid_to: 2018-12-31")
    assert run("tenants", "load", changed(file, OPEN_END, ended)) == 0
    loaded = agreements(databases, file)
    assert str(loaded[-1]["valid_to"]) == "2018-12-31"
    for end in ("null", "2019-12-31"):
        changed(file, "valid_to: 2018-12-31", f"valid_to: {end}")
        capsys.readouterr()
        assert run("tenants", "load", file) == 1
        assert "is already there and says something else" in refusal(capsys)
        changed(file, ended.replace("2018-12-31", end), ended)
    assert agreements(databases, file) == loaded

    following = successor(file, valid_from="2019-01-01")
    assert run("tenants", "load", following) == 0
    assert [str(row["valid_from"]) for row in agreements(databases, file) if row["partner"] == "Crédit Mutuel"] == [
        "2019-01-01", "None",
    ]  # fmt: skip


def successor(file: Path, *, valid_from: str) -> Path:
    """The file with one more agreement with the bank of the first."""
    told = file.read_text("utf-8")
    (partner,) = set(re.findall(r"credit_mutuel_\w+", told))
    more = f"""  - partner: {partner}
    partner_name: Crédit Mutuel
    planned: false
    reference: Seconde convention
    parties: [CCAS d'Amiens, Crédit Mutuel]
    valid_from: {valid_from}
    valid_from_precision: day
    valid_to: null
    source: exemple
"""
    file.write_text(told + more, "utf-8")
    return file


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (SIGNED, SIGNED.replace("planned: false", "planned: true")),
        (OPEN_END, OPEN_END.replace("valid_to: null", "valid_to: null\n    rate_percent: '5.00'")),
        (OPEN_END, OPEN_END.replace("valid_to: null", "valid_to: 2018-12-31\n    check_valid_days: 60")),
        ("parties: [CCAS d'Amiens, Caisse des Dépôts et Consignations, Crédit Mutuel]", "parties: [CCAS d'Amiens]"),
    ],
    ids=["planned_again", "another_rate", "an_end_and_more", "other_parties"],
)
def test_what_a_signed_agreement_says_is_not_changed(
    databases: Databases, run: Run, file: Path, capsys: pytest.CaptureFixture[str], before: str, after: str
) -> None:
    assert run("tenants", "load", file) == 0
    loaded = agreements(databases, file)
    # Nothing of the file is written, though what comes before the agreements could be.
    changed(changed(file, before, after), "name: CCAS d'Amiens", "name: Un autre nom")
    capsys.readouterr()
    assert run("tenants", "load", file) == 1
    told = refusal(capsys)
    assert told.startswith("microcredit tenants: the agreement \"Convention entre le CCAS d'Amiens")
    assert agreements(databases, file) == loaded
    assert rows(databases, "select id from tenants where name = 'Un autre nom'") == []


def test_one_agreement_with_a_partner_is_in_force_on_a_day(
    databases: Databases, run: Run, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("tenants", "load", file) == 0
    loaded = agreements(databases, file)
    capsys.readouterr()
    assert run("tenants", "load", successor(file, valid_from="2019-01-01")) == 1
    assert "agreements.3.valid_from : Ces dates se recouvrent" in refusal(capsys)
    assert agreements(databases, file) == loaded


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        ("    partner_name: Crédit Mutuel\n", "", "partner_name"),
        (OPEN_END, OPEN_END.replace("valid_to: null", "valid_to: demain"), "valid_to"),
        (OPEN_END, OPEN_END.replace("valid_to: null", "valid_to: null\n    share: 15"), "share"),
        (
            OPEN_END,
            OPEN_END.replace("valid_to: null", "valid_to: null\n    check_valid_days: '30'"),
            "check_valid_days",
        ),
    ],
)
def test_a_file_that_says_an_agreement_badly_is_told_where(
    run: Run, file: Path, capsys: pytest.CaptureFixture[str], before: str, after: str, path: str
) -> None:
    assert run("tenants", "load", changed(file, before, after)) == 1
    assert f"agreements.0.{path} : " in refusal(capsys)
