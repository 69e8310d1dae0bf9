"""The files of Toulouse, Amiens and Fresnes, lived through the API by the CCAS and the lenders' machines."""

from collections.abc import AsyncIterator, Mapping, Sequence, Set
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from pydantic import BaseModel

from app.commands.accounts import demonstration_accounts
from app.commands.demo import Credentials, Told, conclude, desks_of
from app.commands.demo.cases import Assumed, load_report
from app.commands.demo.clients import DemoClient, demonstration_clients
from app.commands.demo.partner_files import ExpectedLoan, PartnerFile, Statement, load_partner_files
from app.commands.demo.partner_readings import FileReading, read_files
from app.commands.demo.partner_reconcile import reconcile_files
from app.commands.demo.partner_replay import Desk, replay_files
from app.commands.demo.staff import DemoRefused, sign_in_client
from app.commands.tenants import load_seed_tenants
from app.schemas.decisions import DecisionItem
from app.schemas.handoffs import HandoffItem
from app.schemas.inbox import InboxItem
from app.schemas.loans import LoanItem
from app.schemas.repayments import LedgerRead
from app.schemas.requests import RequestItem, RequestRead
from tests.support import Databases

FILES = load_partner_files()
NO_CASES = load_report().model_copy(update={"years": (), "disagreements": ()})
SPACES = str.maketrans({"\N{NARROW NO-BREAK SPACE}": " ", "\N{NO-BREAK SPACE}": " "})


@pytest.fixture(scope="module")
async def service(app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as anyone:
        yield anyone


@pytest.fixture(scope="module")
async def desks(databases: Databases, service: AsyncClient) -> Mapping[str, Desk]:
    """The desks once the story has been told, then told again by machines whose secrets were changed."""
    load_seed_tenants(databases.owner_url)
    accounts = demonstration_accounts(databases.owner_url)
    for _ in range(2):
        credentials = Credentials(accounts, demonstration_clients(databases.owner_url))
        desks = await desks_of(service, credentials, FILES)
        await replay_files(FILES, desks)
    return desks


@pytest.fixture(scope="module")
async def readings(desks: Mapping[str, Desk]) -> list[FileReading]:
    return await read_files(FILES, desks)


async def handoffs_of(desk: Desk, requests: Set[UUID]) -> list[HandoffItem]:
    """What a CCAS handed over for these requests: another story may have been told in the same database."""
    return [handoff for handoff in await desk.agent.all("/handoffs", HandoffItem) if handoff.request_id in requests]


def concluded(files: Sequence[PartnerFile], readings: Sequence[FileReading]) -> int:
    """The exit code, nothing of Besançon being told or expected."""
    return conclude(NO_CASES, (), files, Told(cases=(), files=readings, journeys=()))


def changed(name: str, **expected: Any) -> list[PartnerFile]:
    """The files, one of which expects something else."""
    return [
        file.model_copy(update={"expected": file.expected.model_copy(update=expected)}) if file.id == name else file
        for file in FILES
    ]


def printed(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out.translate(SPACES)


async def test_every_expected_figure_is_found_again(
    readings: list[FileReading], capsys: pytest.CaptureFixture[str]
) -> None:
    assert concluded(FILES, readings) == 0
    told = printed(capsys)
    assert "✗" not in told
    assert max(map(len, told.splitlines())) <= 100
    for line in (
        "Échéance 1         : 87,30 € = 79,70 € (l'emprunteur) + 7,60 € (la Ville)",
        "Échéance 36        : 87,20 € = 86,98 € (l'emprunteur) + 0,22 € (la Ville)",
        "Intérêts           : 142,70 € en tout, payés par la Ville ; l'emprunteur rembourse 3 000,00 €",
        "Intérêts           : 131,73 € en tout, payés par l'emprunteur, qui rembourse 2 131,73 €",
        "Garantie           : Ville de Toulouse, part 15 % (non indiqué : assiette, plafond)",
        "Garantie           : non indiqué",
        "Relevé du prêteur  : au 30/06/2018*, 3 échéances payées* (239,70 €), solde 2 760,30 €",
        "Impayé             : échéance 3*, retard 88,82 €",
        "Taux               : non indiqué ; calculer avec lui : 409 rule_not_stated (rate_percent)",
        "l'agent travaille pour : Condé-sur-l'Escaut, Escautpont, Fresnes-sur-Escaut, Vieux-Condé",
    ):
        assert line in told


async def test_figures_that_no_source_gives_have_a_star(
    readings: list[FileReading], capsys: pytest.CaptureFixture[str]
) -> None:
    concluded(FILES, readings)
    told = printed(capsys)
    assert "du 02/04/2012*, 1 200,00 €* sur 24 mois* à 4,00 %*" in told
    assert "Commune            : Escautpont*" in told
    for sourced in ("3 000,00 € sur 36 mois à 3,04 %\n", "2 000,00 € sur 24 mois à 6,20 %\n", "part 15 % "):
        assert sourced in told


async def test_the_story_told_twice_happens_once(readings: list[FileReading], desks: Mapping[str, Desk]) -> None:
    assert [reading.name for reading in readings] == ["T01", "T02", "A01", "F01", "F02"]
    people = {reading.request.applicant_id for reading in readings}
    counts = {}
    for slug, desk in desks.items():
        requests = [one for one in await desk.agent.all("/requests", RequestItem) if one.applicant_id in people]
        told = {request.id for request in requests}
        loans = [loan for loan in await desk.agent.all("/loans", LoanItem) if loan.request_id in told]
        ledgers = [await desk.agent.get(f"/loans/{loan.id}/ledger", LedgerRead) for loan in loans]
        counts[slug] = (
            len(requests),
            len(await handoffs_of(desk, told)),
            len(loans),
            sum(len(ledger.items) for ledger in ledgers),
        )
    assert counts == {"toulouse": (2, 3, 1, 4), "amiens": (1, 1, 1, 3), "fresnes": (2, 1, 1, 3)}


async def test_each_machine_sees_the_files_of_its_own_bank(
    readings: list[FileReading], desks: Mapping[str, Desk]
) -> None:
    told = {reading.request.id for reading in readings}
    for slug, kinds in {
        "toulouse": ["loan_file", "precheck", "precheck"],
        "amiens": ["loan_file"],
        "fresnes": ["loan_file"],
    }.items():
        inbox = await desks[slug].lender.all("/partner/handoffs", InboxItem)
        own = {handoff.id for handoff in await handoffs_of(desks[slug], told)}
        assert sorted(item.kind for item in inbox if item.id in own) == kinds
        assert not {item.tenant for item in inbox} & (set(desks) - {slug})


async def test_an_unfavourable_precheck_ends_with_another_answer(
    readings: list[FileReading], capsys: pytest.CaptureFixture[str]
) -> None:
    reading = readings[1]
    assert (reading.request.status, reading.decision, reading.lent) == ("closed_without_action", None, None)
    assert reading.request.other_answer is not None
    assert reading.request.other_answer.kind == "budget_advice"
    concluded(FILES, readings)
    told = printed(capsys)
    assert "Préalable bancaire : défavorable*, consulté le 06/02/2018*" in told
    assert "Autre réponse      : Conseils budgétaires*, le 08/02/2018*" in told
    assert "FICP" not in told
    assert "fich" not in told.lower()


async def test_what_the_rate_is_needed_for_is_refused_each_time_and_leaves_nothing(
    readings: list[FileReading], desks: Mapping[str, Desk]
) -> None:
    for again in (readings[4], (await read_files(FILES, desks))[4]):
        assert again.refusal is not None
        assert (again.refusal.status, again.refusal.code, again.refusal.path) == (
            409,
            "rule_not_stated",
            "rate_percent",
        )
    request = readings[4].request
    assert (await desks["fresnes"].agent.get(f"/requests/{request.id}", RequestRead)).version == request.version
    assert request.status == "submitted"
    assert await desks["fresnes"].agent.all("/decisions", DecisionItem, request_id=str(request.id)) == []


def _one_cent_off(expected: ExpectedLoan) -> list[ExpectedLoan]:
    """The loan with each of its figures one cent too high in turn."""
    figures = [name for name, value in expected if isinstance(value, int) and not isinstance(value, bool)]
    off: list[ExpectedLoan] = [expected.model_copy(update={name: getattr(expected, name) + 1}) for name in figures]
    for place in ("first", "last"):
        row = getattr(expected, place)
        wrong = [row.model_copy(update={name: value + 1}) for name, value in row]
        off += [expected.model_copy(update={place: each}) for each in wrong]
    return off


@pytest.mark.parametrize("name", ["T01", "A01", "F01"])
async def test_any_figure_one_cent_off_fails_the_demo(
    readings: list[FileReading], capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (expected,) = [file.expected.loan for file in FILES if file.id == name]
    assert expected is not None
    off = _one_cent_off(expected)
    assert len(off) == 13
    for loan in off:
        assert concluded(changed(name, loan=loan), readings) == 1
        told = printed(capsys)
        assert "✗" in told
        assert "chiffres rapprochés ne se retrouvent pas" in told


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("T01", {"precheck": "unfavourable"}),
        ("T02", {"precheck": "favourable"}),
        ("T01", {"guarantee_percent": 16}),
        ("T01", {"closed": True}),
        ("T02", {"other_answer": "social_referent"}),
        ("F01", {"commune": "Fresnes-sur-Escaut"}),
        ("F01", {"agent_communes": 3}),
        ("F02", {"not_stated": "signed_by"}),
    ],
)
async def test_a_course_that_differs_fails_the_demo(
    readings: list[FileReading], name: str, expected: dict[str, Any]
) -> None:
    checked = PartnerFile.model_validate(
        next(file for file in FILES if file.id == name).model_dump(mode="json")
        | {"expected": next(file for file in FILES if file.id == name).expected.model_dump(mode="json") | expected}
    )
    assert concluded([checked if file.id == name else file for file in FILES], readings) == 1


@pytest.mark.parametrize("missing", range(5))
async def test_a_missing_file_fails_the_demo(readings: list[FileReading], missing: int) -> None:
    told = [reading for index, reading in enumerate(readings) if index != missing]
    assert concluded(FILES, told) == 1
    wrong = [line for line in reconcile_files(FILES, told) if not line.reconciles]
    assert {line.label.split()[0] for line in wrong} == {"Dossiers", FILES[missing].id}


async def test_a_question_that_was_answered_fails_the_demo(readings: list[FileReading]) -> None:
    assert concluded(FILES, [*readings[:4], replace(readings[4], refusal=None)]) == 1


async def test_the_balances_are_those_of_the_day_asked(desks: Mapping[str, Desk]) -> None:
    """They come from the ledger on the position date, not from the data."""
    first = FILES[0]
    assert first.statements is not None
    earlier = first.statements.model_copy(update={"items": first.statements.items[:2]})
    files = [first.model_copy(update={"statements": earlier}), *FILES[1:]]
    lines = reconcile_files(files, await read_files(files, desks))
    assert [line.label for line in lines if not line.reconciles] == ["T01 solde"]
    assert next(line.api for line in lines if line.label == "T01 solde") == 284_040


async def test_what_no_source_gives_is_marked() -> None:
    """Days, people, projects, checks and statements cannot be written without `assumed: true`."""
    unmarked = {"loan": {"T01", "A01"}, "terms": {"T01", "A01"}}
    for file in FILES:
        for name, block in file:
            if isinstance(block, BaseModel) and name != "expected" and file.id not in unmarked.get(name, ()):
                assert getattr(block, "assumed", False) is True, (file.id, name)
    assert {name for name, field in PartnerFile.model_fields.items() if _always_assumed(field.annotation)} == (
        set(PartnerFile.model_fields) - {"id", "tenant", "commune_insee_code", "loan", "terms", "expected"}
    )


def _always_assumed(annotation: Any) -> bool:
    kinds = getattr(annotation, "__args__", (annotation,))
    return any(isinstance(kind, type) and issubclass(kind, Assumed) for kind in kinds)


async def test_a_machine_without_its_secret_is_told(service: AsyncClient, desks: Mapping[str, Desk]) -> None:
    stranger = DemoClient("credit_mutuel-demo", "not the secret", "credit_mutuel", "Crédit Mutuel")
    with pytest.raises(DemoRefused, match="cannot sign in"):
        await sign_in_client(service, [stranger], "credit_mutuel")
    with pytest.raises(LookupError, match="credit_mutuel"):
        await sign_in_client(service, [], "credit_mutuel")


async def test_an_answer_where_a_refusal_was_awaited_is_told(desks: Mapping[str, Desk]) -> None:
    body = {"position_on": "2012-06-30", "items": []}
    with pytest.raises(DemoRefused, match="was not refused"):
        await desks["amiens"].lender.refusal("/partner/repayments", body, key="demo-not-refused")


async def test_a_line_refused_on_a_statement_is_told(readings: list[FileReading], desks: Mapping[str, Desk]) -> None:
    paid = {"amount_cents": 8030, "paid_on": "2018-07-05", "outstanding_cents": 267_999}
    late = Statement.model_validate({"position_on": "2018-07-02", "paid": [paid]})
    first = FILES[0]
    assert first.statements is not None
    statements = first.statements.model_copy(update={"items": (*first.statements.items, late)})
    with pytest.raises(DemoRefused, match="T01, statement of 2018-07-02"):
        await replay_files([first.model_copy(update={"statements": statements})], desks)
