"""What the papers of a file tell alike: the people, the household, the project, the month, the plan that pays."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.dates import in_words
from app.domain.errors import NotFound
from app.domain.money import euros
from app.parameters.codes import codes, label
from app.parameters.communes import communes
from app.schemas.plans import BudgetRead, FinancingPlanRead
from app.services import letterheads, plans
from app.services.letterheads import Data
from app.tables import Person, Request


async def of_request(session: AsyncSession, request: Request) -> Data:
    """All of it; `budget` and `plan` are null before they are entered."""
    return {
        "people": [_person(person) for person in await letterheads.people_of(session, request)],
        "adults": request.adults,
        "minor_children": request.minor_children,
        "situations": ", ".join(label("situations", code, "fr") for code in request.situations) or None,
        **project(request),
        "budget": await _budget(session, request),
        "plan": await _plan(session, request),
    }


def project(request: Request) -> Data:
    """What was asked for, when and how."""
    return {
        "received_on": in_words(request.received_on),
        "channel": label("channels", request.channel, "fr") if request.channel else None,
        "prescriber": request.prescriber,
        "commune": commune_name(request.commune_insee_code),
        "purpose": label("purposes", request.purpose, "fr"),
        "description": request.project_description,
        "cost": euros(request.project_cost_cents),
        "requested": euros(request.requested_amount_cents),
    }


def commune_name(code: str | None) -> str | None:
    """The commune of an INSEE code, or the country of its letters; the code itself where nobody knows it."""
    if code is None:
        return None
    if code in codes("countries"):
        return label("countries", code, "fr")
    return next(iter(communes().get(code, ())), code)


def _person(person: Person) -> Data:
    return {
        "name": letterheads.name_of(person),
        "birth_name": person.birth_name if person.usage_name else None,
        "birth_on": in_words(person.birth_on),
        "birth_place": commune_name(person.birth_place),
        "commune": commune_name(person.commune_insee_code),
        "domiciliation": person.domiciliation,
        "phone": person.phone,
        "email": person.email,
        "safe_contact": _labelled("safe_contacts", person.safe_contact),
        "nationality": _labelled("nationalities", person.nationality),
        "education_level": _labelled("education_levels", person.education_level),
        "family_situation": _labelled("family_situations", person.family_situation),
        "housing": _labelled("housings", person.housing),
        "interpreter_language": person.interpreter_language,
        "reading_difficulty": "oui" if person.reading_difficulty else None,
    }


def _labelled(section: str, code: str | None) -> str | None:
    return None if code is None else label(section, code, "fr")


async def _budget(session: AsyncSession, request: Request) -> Data | None:
    try:
        read = await plans.read_budget(session, request.id, today=request.received_on)
    except NotFound:
        return None
    return _month(read)


def _month(read: BudgetRead) -> Data:
    ratio = read.debt_ratio_percent
    return {
        "as_of_on": in_words(read.as_of_on) if read.as_of_on else None,
        "resources": [_line("resource_kinds", line.kind, line.label, line.amount_cents) for line in read.resources],
        "charges": [_line("charge_kinds", line.kind, line.label, line.amount_cents) for line in read.charges],
        "resources_total": euros(read.resources_cents),
        "charges_total": euros(read.charges_cents),
        "left_to_live": euros(read.left_to_live_cents),
        "debt_instalments": euros(read.debt_instalments_cents),
        "debt_ratio": None if ratio is None else f"{ratio}\u00a0%".replace(".", ","),
        "capacity": None if read.assessed_capacity_cents is None else euros(read.assessed_capacity_cents),
    }


async def _plan(session: AsyncSession, request: Request) -> Data | None:
    try:
        read = await plans.read_financing_plan(session, request.id)
    except NotFound:
        return None
    return _shares(read)


def _shares(read: FinancingPlanRead) -> Data:
    return {
        "lines": [
            [line.label, label("plan_line_kinds", line.kind.value, "fr"), line.status.value, euros(line.amount_cents)]
            for line in read.lines
        ],
        "total": euros(read.total_cents),
    }


def _line(section: str, code: str, said: str | None, cents: int) -> list[str]:
    named = label(section, code, "fr")
    return [f"{named} ({said})" if said else named, euros(cents)]
