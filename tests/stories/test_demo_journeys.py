"""The four journeys of the demonstration, lived through the API from the first contact on, and their figures."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from pydantic import ValidationError

from app.commands.accounts import demonstration_accounts
from app.commands.demo import Credentials, Lived, Told, conclude, tell
from app.commands.demo.cases import load_cases, load_report
from app.commands.demo.clients import demonstration_clients
from app.commands.demo.journey_readings import JourneyReading, read_journey
from app.commands.demo.journeys import ORIENTATIONS, Journey, Step, load_journeys
from app.commands.demo.partner_files import load_partner_files
from app.commands.demo.partner_readings import read_files
from app.commands.demo.readings import read_all
from app.commands.demo.reconcile import reconcile
from app.commands.tenants import load_seed_tenants
from app.schemas.contacts import ContactItem
from app.schemas.referrals import ReferralItem
from app.schemas.requests import RequestItem
from tests.support import Databases

JOURNEYS, REPORT = load_journeys(), load_report()
NO_CASES = REPORT.model_copy(update={"years": (), "disagreements": ()})
SPACES = str.maketrans({"\N{NARROW NO-BREAK SPACE}": " ", "\N{NO-BREAK SPACE}": " "})


@pytest.fixture(scope="module")
async def lived(databases: Databases, app: FastAPI) -> AsyncIterator[Lived]:
    """Whom to ask once the whole story has been told, then told again."""
    load_seed_tenants(databases.owner_url)
    credentials = Credentials(demonstration_accounts(databases.owner_url), demonstration_clients(databases.owner_url))
    async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as anyone:
        first = await tell(anyone, credentials)
        again = await tell(anyone, credentials)
        assert again.journeys == first.journeys
        yield again


@pytest.fixture(scope="module")
async def readings(lived: Lived) -> list[JourneyReading]:
    return [
        await read_journey(journey, lived.journeys[journey.id], lived.casts[journey.tenant]) for journey in JOURNEYS
    ]


def concluded(readings: Sequence[JourneyReading]) -> int:
    """The exit code, nothing else being told or expected."""
    return conclude(NO_CASES, (), (), Told(cases=(), files=(), journeys=readings))


async def test_every_journey_is_told_with_the_figures_of_the_sources(
    readings: list[JourneyReading], capsys: pytest.CaptureFixture[str]
) -> None:
    assert concluded(readings) == 0
    told = capsys.readouterr().out.translate(SPACES)
    assert "✗" not in told
    assert max(map(len, told.splitlines())) <= 100
    for line in (
        "12/01/2018*  Vérification du prêteur : favorable",
        "05/02/2018*  Rendez-vous : manqué",
        "04/04/2011*  Signature : l’emprunteur ; Signature : le CCAS ; Prêt : accepté",
        "08/04/2013*  Transfert de commune : Fresnes-sur-Escaut ; Dossier confié : agent",
        "13/02/2012*  Relance de l'orientation",
    ):
        assert line in told
    figures = {line.label: line.api for reading in readings for line in reading.lines}
    assert figures["P2 total du plan"] == 530_000
    assert figures["P2 apport personnel et familial"] == 310_000
    assert (figures["P3 personnes, chacune comptée une fois"], figures["P3 temps de la référente"]) == (1, "0,5 ETP")
    assert [table.counts for table in ORIENTATIONS] == [
        {"accepted": 4, "refused": 12, "no_papers": 2, "never_went": 0},
        {"accepted": 12, "refused": 9, "no_papers": 3, "never_went": 12},
    ]
    assert figures["2010 orientés vers la Caisse Solidaire"] == 18
    assert figures["2011 orientés vers la Caisse Solidaire"] == 36


async def test_the_story_told_twice_happens_once(lived: Lived) -> None:
    counts = {}
    for slug, cast in lived.casts.items():
        agent = cast.staff["agent"]
        counts[slug] = [
            len(await agent.all(path, item))
            for path, item in (("/requests", RequestItem), ("/contacts", ContactItem), ("/referrals", ReferralItem))
        ]
    assert counts == {"toulouse": [3, 1, 0], "besancon": [27, 55, 55], "fresnes": [4, 0, 0]}


async def test_the_cases_and_the_files_of_lenders_are_told_without_the_journeys(lived: Lived) -> None:
    cases = load_cases()
    readings = await read_all(lived.agent, cases, as_of=REPORT.status_on)
    assert [reading.name for reading in readings] == [case.id for case in cases]
    assert reconcile(REPORT, cases, readings).reconciles
    files = await read_files(load_partner_files(), lived.desks)
    assert [reading.name for reading in files] == ["T01", "T02", "A01", "F01", "F02"]


@pytest.mark.parametrize("number", range(len(JOURNEYS)))
async def test_any_figure_that_differs_fails_the_demo(
    readings: list[JourneyReading], capsys: pytest.CaptureFixture[str], number: int
) -> None:
    of = readings[number]
    for place, line in enumerate(of.lines):
        wrong = replace(line, report=line.report + 1 if isinstance(line.report, int) else "autre")
        lines = (*of.lines[:place], wrong, *of.lines[place + 1 :])
        assert concluded([*readings[:number], replace(of, lines=lines), *readings[number + 1 :]]) == 1
        assert "✗" in capsys.readouterr().out


def test_what_no_source_gives_is_marked() -> None:
    assert all(journey.assumed for journey in JOURNEYS)
    with pytest.raises(ValidationError, match="assumed"):
        Journey.model_validate(JOURNEYS[0].model_dump() | {"assumed": False})


def test_a_step_does_one_thing() -> None:
    for ways in ({}, {"post": "/requests", "put": "/requests"}):
        with pytest.raises(ValidationError, match="one thing"):
            Step.model_validate({"by": "agent", **ways})
