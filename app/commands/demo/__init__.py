"""`demo`: the youth cases of Besançon's report, files of the other CCAS and journeys from the first contact on.

All are lived through the API and reconciled.
"""

import asyncio
import os
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from psycopg import sql

from app.commands.accounts import DemoAccount, demonstration_accounts
from app.commands.demo.cases import Case, Report, load_cases, load_report
from app.commands.demo.clients import DemoClient, demonstration_clients
from app.commands.demo.display import story, verdict
from app.commands.demo.journey_display import journey_story
from app.commands.demo.journey_readings import JourneyReading, read_journey
from app.commands.demo.journeys import Cast, Journey, cast_of, live, live_orientations, load_journeys
from app.commands.demo.partner_display import partner_story
from app.commands.demo.partner_files import PartnerFile, load_partner_files
from app.commands.demo.partner_readings import FileReading, read_files
from app.commands.demo.partner_reconcile import reconcile_files
from app.commands.demo.partner_replay import Desk, replay_files
from app.commands.demo.readings import Reading, read_all
from app.commands.demo.reconcile import reconcile
from app.commands.demo.replay import BESANCON, replay
from app.commands.demo.staff import DemoRefused, Staff, sign_in, sign_in_client
from app.commands.migrate import upgrade
from app.commands.tenants import load_seed_tenants
from app.local_postgres import LocalPostgresError, local_postgres, prepare_database
from app.main import create_app, lifespan
from app.schemas.tenants import RuleVersionRead
from app.settings import settings

DATABASE = "microcredit_demo"
_AGENT, _DECIDER = "agent@besancon", "decider@besancon"
_TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the story signs in with: staff, and the machines of the partners that lend."""

    accounts: Sequence[DemoAccount]
    clients: Sequence[DemoClient]


@dataclass(frozen=True, slots=True)
class Told:
    """What the API answers once the story has been told: Besançon's cases, the lenders' files, the journeys."""

    cases: Sequence[Reading]
    files: Sequence[FileReading]
    journeys: Sequence[JourneyReading]


@dataclass(frozen=True, slots=True)
class Lived:
    """Who can be asked about the story: Besançon's agent, the desks of the others, the casts of the journeys.

    `journeys` are the identifiers of the requests that the journeys are about.
    """

    agent: Staff
    desks: Mapping[str, Desk]
    casts: Mapping[str, Cast]
    journeys: Mapping[str, str]


def demo(*, data: Path | None) -> int:
    """Replays the cases on a database of its own and prints the reconciliation; 1 when a figure differs.

    The database is temporary, or stays in the folder `data`. TEST_ADMIN_URL names a server to use instead of
    starting one, where the database `microcredit_demo` is made and dropped. DATABASE_URL is never touched.
    """
    try:
        with _database(data) as (owner_url, service_url):
            upgrade(owner_url)
            load_seed_tenants(owner_url)
            credentials = Credentials(demonstration_accounts(owner_url), demonstration_clients(owner_url))
            os.environ["DATABASE_URL"], os.environ["TOKEN_SECRET"] = service_url, secrets.token_hex(32)
            os.environ["ENCRYPTION_KEYS"] = secrets.token_hex(32)
            settings.cache_clear()
            told = asyncio.run(_lived(create_app(), credentials))
        return conclude(load_report(), load_cases(), load_partner_files(), told)
    except (DemoRefused, LocalPostgresError, psycopg.Error) as refused:
        print(refused, file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    return 1


def load_demo(base_url: str, accounts: Sequence[DemoAccount], clients: Sequence[DemoClient]) -> None:
    """Replays the story on a service that answers at `base_url`. Loading it twice adds nothing.

    Raises DemoRefused, LookupError for credentials that are missing, httpx.HTTPError.
    """
    client = AsyncClient(base_url=base_url, trust_env=False, timeout=_TIMEOUT_SECONDS)
    asyncio.run(_load(client, Credentials(accounts, clients)))


def conclude(report: Report, cases: Sequence[Case], files: Sequence[PartnerFile], told: Told) -> int:
    """Prints the story; the exit code is 0 only when every figure is found again."""
    reconciliation = reconcile(report, cases, told.cases)
    of_files = reconcile_files(files, told.files)
    of_journeys = [line for journey in told.journeys for line in journey.lines]
    for line in (
        *story(report, cases, told.cases, reconciliation),
        *("", ""),
        *partner_story(files, told.files, of_files),
        *("", ""),
        *journey_story(told.journeys, of_journeys),
        "",
        *verdict(reconciliation, of_files, of_journeys),
    ):
        print(line)
    return 0 if reconciliation.reconciles and all(line.reconciles for line in (*of_files, *of_journeys)) else 1


async def desks_of(client: AsyncClient, credentials: Credentials, files: Sequence[PartnerFile]) -> dict[str, Desk]:
    """Who works on the files of each CCAS, signed in. The partner is the one that the rules of the CCAS name."""
    desks = {}
    for slug in dict.fromkeys(file.tenant for file in files):
        agent = await sign_in(client, credentials.accounts, f"agent@{slug}")
        decider = await sign_in(client, credentials.accounts, f"decider@{slug}")
        rules = await agent.get(f"/tenants/{slug}/rules", RuleVersionRead)
        partner = rules.products[0].lender.code
        lender = await sign_in_client(client, credentials.clients, partner)
        desks[slug] = Desk(agent=agent, decider=decider, lender=lender, partner=partner)
    return desks


async def casts_of(
    client: AsyncClient, credentials: Credentials, journeys: Sequence[Journey], partners: Mapping[str, str]
) -> dict[str, Cast]:
    """Who takes part in the journeys of each CCAS, signed in; `partners` are the codes of those that lend there."""
    casts = {}
    for slug in dict.fromkeys(journey.tenant for journey in journeys):
        parts = {step.by for journey in journeys if journey.tenant == slug for step in journey.steps}
        staff = {part: await sign_in(client, credentials.accounts, f"{part}@{slug}") for part in parts - {"lender"}}
        partner = partners.get(slug, "")
        if "lender" in parts:
            staff["lender"] = await sign_in_client(client, credentials.clients, partner)
        casts[slug] = await cast_of(client, staff, partner)
    return casts


async def tell(client: AsyncClient, credentials: Credentials) -> Lived:
    """Lives the whole story; those who come back can then be asked about it."""
    agent = await sign_in(client, credentials.accounts, _AGENT)
    decider = await sign_in(client, credentials.accounts, _DECIDER)
    await replay(load_cases(), told_on=load_report().status_on, agent=agent, decider=decider)
    files = load_partner_files()
    desks = await desks_of(client, credentials, files)
    await replay_files(files, desks)
    partners = {slug: desk.partner for slug, desk in desks.items()}
    casts = await casts_of(client, credentials, load_journeys(), partners)
    journeys = {journey.id: await live(journey, casts[journey.tenant]) for journey in load_journeys()}
    await live_orientations(agent, BESANCON)
    return Lived(agent, desks, casts, journeys)


async def _lived(app: FastAPI, credentials: Credentials) -> Told:
    """The story as the API tells it once it has been lived."""
    async with lifespan(app), AsyncClient(transport=ASGITransport(app), base_url="http://demo") as client:
        lived = await tell(client, credentials)
        return Told(
            cases=await read_all(lived.agent, load_cases(), as_of=load_report().status_on),
            files=await read_files(load_partner_files(), lived.desks),
            journeys=[
                await read_journey(journey, lived.journeys[journey.id], lived.casts[journey.tenant])
                for journey in load_journeys()
            ],
        )


async def _load(client: AsyncClient, credentials: Credentials) -> None:
    async with client:
        await tell(client, credentials)


@contextmanager
def _database(data: Path | None) -> Iterator[tuple[str, str]]:
    """The addresses of the demo's own database, for its owner and for the service."""
    admin_url = os.environ.get("TEST_ADMIN_URL")
    if data is None and admin_url:
        _drop(admin_url)
        try:
            yield prepare_database(admin_url, DATABASE)
        finally:
            _drop(admin_url)
        return
    with (
        TemporaryDirectory(prefix="microcredit-demo-") as temporary,
        local_postgres((data or Path(temporary)) / "postgres") as server,
    ):
        yield prepare_database(server.url(role="postgres", database="postgres"), DATABASE)


def _drop(admin_url: str) -> None:
    with psycopg.connect(admin_url.replace("+psycopg", "", 1), autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(DATABASE)))
