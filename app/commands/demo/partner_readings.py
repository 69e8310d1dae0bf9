"""What the API answers about each file once it has been lived: the only source of what is printed of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.commands.demo.partner_files import PartnerFile
from app.commands.demo.partner_replay import Desk, endorsed
from app.commands.demo.staff import Staff
from app.domain.ledger import EntryKind
from app.schemas.auth import MeRead
from app.schemas.decisions import DecisionItem, DecisionRead
from app.schemas.ficp_checks import StandingList, StandingRead
from app.schemas.handoffs import HandoffItem
from app.schemas.loans import LoanItem, LoanRead, ScheduleRead
from app.schemas.people import PersonRead
from app.schemas.repayments import LedgerEntryRead, LedgerRead
from app.schemas.requests import RequestItem, RequestRead
from app.schemas.tenants import RuleVersionRead, TenantRead


@dataclass(frozen=True, slots=True)
class CcasReading:
    """A CCAS, the partner that lends there, and the communes that its agent works for."""

    tenant: TenantRead
    lender: str
    agent_communes: tuple[str, ...]

    def commune(self, insee_code: str) -> str:
        """The name of one of its communes."""
        return next(commune.name for commune in self.tenant.communes if commune.insee_code == insee_code)


@dataclass(frozen=True, slots=True)
class LoanFacts:
    """A loan on the last position date of its lender, its schedule and its ledger. Amounts in cents."""

    loan: LoanRead
    schedule: ScheduleRead
    entries: tuple[LedgerEntryRead, ...]

    @property
    def payers(self) -> tuple[str, ...]:
        """The third parties that pay interest, each once."""
        return tuple(dict.fromkeys(share.payer for row in self.schedule.rows for share in row.third_parties))

    def of_kind(self, kind: EntryKind) -> list[LedgerEntryRead]:
        """The entries of the ledger of a kind."""
        return [entry for entry in self.entries if entry.kind is kind]


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the service refused to compute: the status, the code, and the rule that it names."""

    status: int
    code: str
    path: str


@dataclass(frozen=True, slots=True)
class FileReading:
    """One file as the API tells it."""

    name: str
    ccas: CcasReading
    request: RequestRead
    handoffs: tuple[HandoffItem, ...]
    standings: tuple[StandingRead, ...]
    decision: DecisionRead | None
    lent: LoanFacts | None
    refusal: Refusal | None

    def standing(self, stage: str) -> StandingRead | None:
        """What the lender's check of a stage is worth; null where none is asked for."""
        return next((each for each in self.standings if each.stage == stage), None)


async def read_files(files: Iterable[PartnerFile], desks: Mapping[str, Desk]) -> list[FileReading]:
    """The files of the story, in its order. Raises DemoRefused."""
    by_id = {file.id: file for file in files}
    readings: list[FileReading] = []
    for slug in dict.fromkeys(file.tenant for file in by_id.values()):
        agent = desks[slug].agent
        ccas = await _ccas(slug, agent)
        for item in await agent.all("/requests", RequestItem):
            person = await agent.get(f"/people/{item.applicant_id}", PersonRead)
            file = by_id.get(person.birth_name)
            if file is not None:
                readings.append(await _file(file, item, ccas, desks[slug]))
    return sorted(readings, key=lambda reading: [*by_id].index(reading.name))


async def _ccas(slug: str, agent: Staff) -> CcasReading:
    rules = await agent.get(f"/tenants/{slug}/rules", RuleVersionRead)
    return CcasReading(
        tenant=await agent.get(f"/tenants/{slug}", TenantRead),
        lender=rules.products[0].lender.name,
        agent_communes=tuple((await agent.get("/me", MeRead)).commune_insee_codes),
    )


async def _file(file: PartnerFile, item: RequestItem, ccas: CcasReading, desk: Desk) -> FileReading:
    path, agent = f"/requests/{item.id}", desk.agent
    of_request = {"request_id": str(item.id)}
    decisions = await agent.all("/decisions", DecisionItem, **of_request)
    loans = await agent.all("/loans", LoanItem, **of_request)
    return FileReading(
        name=file.id,
        ccas=ccas,
        request=await agent.get(path, RequestRead),
        handoffs=tuple(await agent.all("/handoffs", HandoffItem, **of_request)),
        standings=tuple((await agent.get(f"{path}/ficp-checks", StandingList)).items),
        decision=await agent.get(f"/decisions/{decisions[0].id}", DecisionRead) if decisions else None,
        lent=await _loan(loans[0], file, agent) if loans else None,
        refusal=await _refusal(file, path, desk.decider),
    )


async def _loan(item: LoanItem, file: PartnerFile, agent: Staff) -> LoanFacts:
    path = f"/loans/{item.id}"
    on = {"as_of": str(file.position_on)} if file.position_on else {}
    return LoanFacts(
        loan=await agent.get(path, LoanRead, **on),
        schedule=await agent.get(f"{path}/schedule", ScheduleRead),
        entries=tuple((await agent.get(f"{path}/ledger", LedgerRead)).items),
    )


async def _refusal(file: PartnerFile, path: str, decider: Staff) -> Refusal | None:
    """The question of the file, asked for real: it is refused each time, and leaves nothing behind."""
    if file.question is None:
        return None
    terms = {"amount_cents": file.project.cost_cents, "instalment_cents": file.question.instalment_cents}
    body = endorsed(file, str(file.question.decided_on), terms)
    problem = await decider.refusal(f"{path}/decisions", body, key=f"demo-{file.id}-question")
    return Refusal(problem["status"], problem["code"], problem.get("path", ""))
