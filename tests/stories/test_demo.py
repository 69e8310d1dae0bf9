"""The 25 youth cases of Besançon's report, lived through the API, give the report's figures to the cent."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import date
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from app.commands.accounts import DemoAccount, demonstration_accounts
from app.commands.demo import Told, conclude
from app.commands.demo.cases import Case, Report, ReportYear, load_cases, load_report
from app.commands.demo.readings import Reading, read_all
from app.commands.demo.reconcile import reconcile
from app.commands.demo.replay import replay
from app.commands.demo.staff import DemoRefused, Staff, sign_in
from app.commands.tenants import load_seed_tenants
from app.domain.decisions import Outcome
from app.schemas.decision_figures import DecisionFiguresRead
from app.schemas.loans import LoanItem
from tests.support import Databases

CASES, REPORT = load_cases(), load_report()
FIGURES = {
    "G02": 41_000,
    "G06": 110_500,
    "G07": 108_000,
    "G11": 67_200,
    "G12": 66_400,
    "G16": 80_000,
    "G18": 172_000,
    "G19": 78_000,
}


@pytest.fixture(scope="module")
def accounts(databases: Databases) -> list[DemoAccount]:
    load_seed_tenants(databases.owner_url)
    return demonstration_accounts(databases.owner_url)


@pytest.fixture(scope="module")
async def service(app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as anyone:
        yield anyone


@pytest.fixture(scope="module")
async def agent(service: AsyncClient, accounts: list[DemoAccount]) -> Staff:
    return await sign_in(service, accounts, "agent@besancon")


@pytest.fixture(scope="module")
async def readings(service: AsyncClient, accounts: list[DemoAccount], agent: Staff) -> list[Reading]:
    """What the API answers once the story has been told, then told again."""
    decider = await sign_in(service, accounts, "decider@besancon")
    for _ in range(2):
        await replay(CASES, told_on=REPORT.status_on, agent=agent, decider=decider)
    return await read_all(agent, CASES, as_of=REPORT.status_on)


def concluded(report: Report, cases: Sequence[Case], readings: Sequence[Reading]) -> int:
    """The exit code, nothing else being told than Besançon's cases."""
    return conclude(report, cases, (), Told(cases=readings, files=(), journeys=()))


async def test_every_printed_figure_is_found_again(readings: list[Reading], capsys: pytest.CaptureFixture[str]) -> None:
    assert concluded(REPORT, CASES, readings) == 0
    printed = capsys.readouterr().out.replace("\N{NARROW NO-BREAK SPACE}", " ").replace("\N{NO-BREAK SPACE}", " ")
    assert "✗" not in printed
    assert max(map(len, printed.splitlines())) <= 100
    for figure in ("7 076,23 €", "13 408,00 €", "1 105,00 €", "1 080,00 €", "672,00 €", "664,00 €", "1 720,00 €"):
        assert figure in printed
    for named in (
        "D1",
        "D2",
        "D3",
        "D4",
        "G19",
        "20 jeunes",
        "23 jeunes",
        "1 528 €",
        "1 728,00 €",
        "no plan gives 780",
    ):
        assert named in printed


@pytest.mark.parametrize("printed", REPORT.years, ids=lambda printed: str(printed.year))
async def test_the_figures_of_decisions_tell_the_funnel_of_each_year(
    printed: ReportYear, readings: list[Reading], agent: Staff
) -> None:
    span = {"from": f"{printed.year}-01-01", "to": f"{printed.year}-12-31"}
    told = await agent.get("/decisions/figures", DecisionFiguresRead, **span)
    funnel, loans = printed.funnel, told.approved
    assert {each.outcome: each.count for each in told.outcomes} == {
        Outcome.APPROVE: funnel.approved,
        Outcome.GRANT_ONLY: funnel.grant_only,
        Outcome.REFUSE: funnel.refused,
        Outcome.ADJOURN: funnel.adjourned,
        Outcome.ENDORSE: 0,
        Outcome.DECLINE: 0,
    }
    assert (loans.contracted.count, loans.contracted.cents) == (funnel.contracted, printed.contracted_cents)
    assert loans.not_contracted.count == funnel.approved - funnel.contracted
    with_grant = next(each for each in told.outcomes if each.outcome is Outcome.APPROVE)
    assert with_grant.grant_count == printed.approved_with_grant


async def test_the_story_told_twice_happens_once(readings: list[Reading], agent: Staff) -> None:
    assert [reading.name for reading in readings] == [case.id for case in CASES]
    assert len(await agent.all("/loans", LoanItem)) == 16
    balances = {each.name: each.loan.outstanding_cents for each in readings if each.loan and each.name in FIGURES}
    assert balances == FIGURES


async def test_situations_are_the_reports(readings: list[Reading]) -> None:
    assert {reading.name: reading.situation() for reading in readings} == {
        **dict.fromkeys(("G01", "G03", "G04"), "settled"),
        **dict.fromkeys(("G02", "G16"), "litigation"),
        **dict.fromkeys(("G06", "G07", "G11", "G12", "G18", "G19"), "running"),
        "G20": "first_unpaid",
        **dict.fromkeys(("G21", "G22", "G23", "G24"), "not_started"),
        **dict.fromkeys(("G05", "G08", "G13", "G15"), "not_contracted"),
        **dict.fromkeys(("G09", "G14"), "refused"),
        "G10": "adjourned",
        **dict.fromkeys(("G17", "G25"), "grant_only"),
    }


async def test_what_ends_without_an_aid_has_another_answer(readings: list[Reading]) -> None:
    without = [each for each in readings if each.loan is None and each.decision.outcome != "grant_only"]
    assert [each.name for each in without] == ["G05", "G08", "G09", "G10", "G13", "G14", "G15"]
    assert all(each.request.other_answer is not None for each in without)


def _with_year(**changes: object) -> Report:
    return REPORT.model_copy(update={"years": (REPORT.years[0].model_copy(update=changes), REPORT.years[1])})


async def test_a_figure_one_cent_off_fails_the_demo(
    readings: list[Reading], capsys: pytest.CaptureFixture[str]
) -> None:
    assert concluded(_with_year(contracted_cents=707_624), CASES, readings) == 1
    assert "✗" in capsys.readouterr().out


async def test_a_funnel_one_off_fails_the_demo(readings: list[Reading]) -> None:
    funnel = REPORT.years[0].funnel.model_copy(update={"adjourned": 0})
    wrong = [line.label for line in reconcile(_with_year(funnel=funnel), CASES, readings).lines if not line.reconciles]
    assert wrong == ["2010 ajournements"]


@pytest.mark.parametrize(
    ("change", "column"), [({"balance_cents": 110_501}, "solde"), ({"situation": "settled"}, "situation")]
)
async def test_a_case_that_differs_from_its_row_fails_the_demo(
    readings: list[Reading], change: dict[str, object], column: str
) -> None:
    cases = [_reported(case, change) if case.id == "G06" else case for case in CASES]
    reconciliation = reconcile(REPORT, cases, readings)
    assert not reconciliation.reconciles
    assert reconciliation.differences == {"G06": [column]}


def _reported(case: Case, change: dict[str, object]) -> Case:
    return case.model_copy(update={"reported": case.reported.model_copy(update=change)})


async def test_a_missing_case_fails_the_demo_without_a_word_on_the_reports_inconsistencies(
    readings: list[Reading], capsys: pytest.CaptureFixture[str]
) -> None:
    assert concluded(REPORT, CASES, [reading for reading in readings if reading.name != "G19"]) == 1
    printed = capsys.readouterr().out
    assert "✗ G19 : absent" in printed
    assert "Incohérences" not in printed


async def test_the_state_of_another_day_does_not_reconcile(agent: Staff, readings: list[Reading]) -> None:
    """The balances come from the ledger on the day asked, not from the data."""
    reconciliation = reconcile(REPORT, CASES, await read_all(agent, CASES, as_of=date(2012, 12, 31)))
    assert not reconciliation.reconciles
    assert "G21" in reconciliation.differences


async def test_a_refusal_of_the_service_is_told(service: AsyncClient, accounts: list[DemoAccount]) -> None:
    stranger = DemoAccount("agent@besancon", "not the password", accounts[0].roles)
    with pytest.raises(DemoRefused, match="cannot sign in"):
        await sign_in(service, [stranger], "agent@besancon")


def test_what_no_source_gives_is_marked() -> None:
    """Births, days and repayments cannot be written without `assumed: true`: the model asks for it."""
    for case in CASES:
        blocks = (
            case.common,
            case.applicant,
            case.dates,
            case.contract,
            case.repayments,
            case.litigation,
            case.closing,
        )
        assert all(block is None or block.assumed for block in blocks)
        assert case.loan is None or case.loan.assumed is (case.contract is None)


def test_the_command_on_a_database_of_its_own() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "demo"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONUTF8": "1", "DATABASE_URL": "postgresql+psycopg://nobody@/never?host=/nowhere"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "au centime : 40 de Besançon, 50 des autres, 31 des parcours." in done.stdout
    assert not done.stderr
