"""What the API answers about the files lived from their first contact on, beside what is expected of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.commands.demo.journeys import ORIENTATIONS, Cast, Journey
from app.commands.demo.reconcile import Line, Unit
from app.domain.financing import PlanLineKind
from app.domain.request_lifecycle import RequestStatus
from app.messages import of_word
from app.schemas.appointments import AppointmentFiguresRead
from app.schemas.plans import FinancingPlanRead
from app.schemas.referrals import ReferralFiguresRead, ReferralItem, ReferralList, ReferralRead
from app.schemas.requests import RequestItem, RequestRead
from app.schemas.timelines import Timeline, TimelineItem
from app.schemas.workload import WorkloadRead

# « 3 100 € apport personnel et familial + FDAJ 600 € + Secours aide au projet 300 € + Microcrédit de 1 300 € »; the
# project costs 5 300 €.
_PLAN = {
    "apport personnel et familial": ((PlanLineKind.OWN, PlanLineKind.FAMILY), 310_000),
    "FDAJ": ((PlanLineKind.THIRD_PARTY,), 60_000),
    "secours aide au projet": ((PlanLineKind.GRANT,), 30_000),
    "microcrédit": ((PlanLineKind.LOAN,), 130_000),
}
_COST_CENTS = 530_000
_ANSWERS = {
    "accepted": "accords",
    "refused": "refus",
    "no_papers": "justificatifs non fournis",
    "never_went": "n'ont pas fait la démarche",
}
_CONDE, _FRESNES = "agent-59153", "agent-59253"
_STATUSES = {
    "P1": RequestStatus.ENDORSED,
    "P2": RequestStatus.CONTRACTED,
    "P3": RequestStatus.INTAKE,
    "P4": RequestStatus.REFERRED,
}


@dataclass(frozen=True, slots=True)
class JourneyReading:
    """One file as the API tells it: its events, and its figures beside those expected."""

    journey: Journey
    events: tuple[TimelineItem, ...]
    lines: tuple[Line, ...]


async def read_journey(journey: Journey, request_id: str, cast: Cast) -> JourneyReading:
    """One file, and what is counted about it. Raises DemoRefused."""
    path, agent = f"/requests/{request_id}", cast.staff["agent"]
    request = await agent.get(path, RequestRead)
    expected, found = (of_word(status, "fr") for status in (_STATUSES[journey.id], request.status))
    lines = [Line(f"{journey.id} dossier", expected, found, assumed=True)]
    lines += await _COUNTS[journey.id](path, cast)
    return JourneyReading(journey, tuple((await agent.get(f"{path}/timeline", Timeline)).items), tuple(lines))


async def _meetings(_path: str, cast: Cast) -> list[Line]:
    figures = await cast.staff["agent"].get("/appointments/figures", AppointmentFiguresRead, **_year(2018))
    held = figures.total.attended + figures.total.missed
    return [
        Line("P1 rendez-vous", 3, held, assumed=True),
        Line("P1 rendez-vous manqués", 1, figures.total.missed, assumed=True),
    ]


async def _sources(path: str, cast: Cast) -> list[Line]:
    plan = await cast.staff["agent"].get(f"{path}/financing-plan", FinancingPlanRead)
    lines = [Line("P2 sources du plan", 5, len(plan.lines))]
    for name, (kinds, cents) in _PLAN.items():
        found = sum(line.amount_cents for line in plan.lines if line.kind in kinds)
        lines.append(Line(f"P2 {name}", cents, found, Unit.CENTS))
    return [*lines, Line("P2 total du plan", _COST_CENTS, plan.total_cents, Unit.CENTS)]


async def _communes(_path: str, cast: Cast) -> list[Line]:
    workload = await cast.staff["manager"].get("/workload", WorkloadRead, **_year(2013))
    (referent,) = [one for one in workload.referents if str(one.account_id) == cast.names["agent"]]
    seen = {login: len(await cast.staff[login].all("/requests", RequestItem)) for login in (_CONDE, _FRESNES)}
    half, held = referent.fte_percent, referent.appointments_held.per_fte
    return [
        Line("P3 demandes que voit Condé seule", 1, seen[_CONDE], assumed=True),
        Line("P3 demandes que voit Fresnes seule", 1, seen[_FRESNES], assumed=True),
        Line("P3 demandes de l'année, les quatre communes", 2, workload.by_commune.group.files, assumed=True),
        Line("P3 personnes, chacune comptée une fois", 1, workload.by_commune.group.persons, assumed=True),
        Line("P3 temps de la référente", "0,5 ETP", None if half is None else f"{half / 100:g} ETP".replace(".", ",")),
        Line("P3 rendez-vous par ETP", "2,00", None if held is None else str(held).replace(".", ","), assumed=True),
    ]


async def _answers(path: str, cast: Cast) -> list[Line]:
    agent = cast.staff["agent"]
    (item,) = (await agent.get(f"{path}/referrals", ReferralList)).items
    referral = await agent.get(f"/referrals/{item.id}", ReferralRead)
    told = [(answer.answer, answer.source) for answer in referral.answers]
    by_link = "accord, par le lien" if told == [("accepted", "partner_link")] else None
    silent = await agent.all("/referrals", ReferralItem, silent_on="2012-12-31")
    return [
        Line("P4 réponse", "accord, par le lien", by_link, assumed=True),
        Line("P4 relances", 1, len(referral.reminders), assumed=True),
        Line("P4 orientations sans réponse", 0, len(silent), assumed=True),
        *await _orientations(cast),
    ]


async def _orientations(cast: Cast) -> list[Line]:
    lines = []
    for table in ORIENTATIONS:
        figures = await cast.staff["agent"].get("/referrals/figures", ReferralFiguresRead, **_year(table.year))
        total = sum(table.counts.values())
        lines.append(Line(f"{table.year} orientés vers la Caisse Solidaire", total, figures.total.referred))
        for answer, number in table.counts.items():
            lines.append(Line(f"{table.year} – {_ANSWERS[answer]}", number, getattr(figures.total, answer)))
    return lines


def _year(year: int) -> Mapping[str, str]:
    return {"from": f"{year}-01-01", "to": f"{year}-12-31"}


_COUNTS = {"P1": _meetings, "P2": _sources, "P3": _communes, "P4": _answers}
