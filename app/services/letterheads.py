"""The head of every paper: who sends it, to whom, about which file, on which day."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.aids import Capacity
from app.domain.dates import in_words
from app.domain.relations import RelationKind, is_minor
from app.domain.rules import TenantKind
from app.services import logos, relations
from app.tables import Organisation, Person, Request, Tenant
from app.tenancy import bound_tenant

Data = dict[str, Any]

_PROTECTED = frozenset({Capacity.CURATORSHIP, Capacity.GUARDIANSHIP, Capacity.FAMILY_AUTHORISATION})


async def of_request(
    session: AsyncSession, request: Request, *, title: str, on: date, recipients: Sequence[str] = ()
) -> Data:
    """What every template reads (see `documents.compile_pdf`), in the name of the CCAS of the file's commune."""
    return {
        "title": title,
        "day": on.isoformat(),
        "on": in_words(on),
        "reference": request.reference,
        "sender": {"name": await sender_name(session, request), "logo": await logos.pixels(session)},
        "recipient": list(recipients),
    }


async def of_ccas(session: AsyncSession, *, title: str, on: date, reference: str | None) -> Data:
    """The same for a paper of no request, in the name of the CCAS."""
    tenant = await session.get_one(Tenant, bound_tenant(session))
    return {
        "title": title,
        "day": on.isoformat(),
        "on": in_words(on),
        "reference": reference,
        "sender": {"name": tenant.name, "logo": await logos.pixels(session)},
        "recipient": [],
    }


async def to_applicants(session: AsyncSession, request: Request, *, title: str, on: date) -> Data:
    """The head of a letter to those who asked, and to whoever represents one of them on that day."""
    people = await people_of(session, request)
    represented_by = [name for person in people for name in await _representatives(session, person, on=on)]
    names = [name_of(person) for person in people]
    head = await of_request(session, request, title=title, on=on, recipients=[*names, *represented_by])
    return {**head, "names": names, "represented_by": represented_by}


def name_of(person: Person) -> str:
    """A person as letters name them."""
    return f"{person.first_names} {person.usage_name or person.birth_name}"


async def people_of(session: AsyncSession, request: Request) -> list[Person]:
    """The applicant, then the co-applicant where there is one."""
    ids = [one for one in (request.applicant_id, request.co_applicant_id) if one is not None]
    return [await session.get_one(Person, (request.tenant_id, person_id)) for person_id in ids]


async def sender_name(session: AsyncSession, request: Request) -> str:
    """The CCAS of the commune of the file, of those that share a scheme; else the name of the only one."""
    tenant = await session.get_one(Tenant, request.tenant_id)
    served = {commune["insee_code"]: commune["name"] for commune in tenant.communes}
    if tenant.kind is TenantKind.COMMUNAL or request.commune_insee_code not in served:
        return tenant.name
    return f"CCAS {_of(served[request.commune_insee_code])}"


async def _representatives(session: AsyncSession, person: Person, *, on: date) -> list[str]:
    """Who represents a minor or a protected person on a day: whoever was named so, else the parents of a minor.

    Nobody for a person of age, whose letters are no business of those who represented them before.
    """
    known = [one for one in await relations.all_of(session, person.id) if one.ended_on is None or one.ended_on > on]
    of_theirs = [one for one in known if one.person_id == person.id and (one.since_on is None or one.since_on <= on)]
    minor = is_minor(person.birth_on, person.capacity, on=on)
    if not minor and person.capacity not in _PROTECTED:
        return []
    named = [one for one in of_theirs if one.kind is RelationKind.LEGAL_REPRESENTATIVE]
    if not named and minor:
        named = [one for one in of_theirs if one.kind is RelationKind.PARENT]
    names = []
    for one in named:
        if one.other_person_id is not None:
            names.append(name_of(await session.get_one(Person, (person.tenant_id, one.other_person_id))))
        elif one.organisation_id is not None:
            names.append((await session.get_one(Organisation, (person.tenant_id, one.organisation_id))).name)
    return names


def _of(commune: str) -> str:
    """The commune after « de »: d'Escautpont, du Mans, des Abymes."""
    for article, contracted in (("Le ", "du "), ("Les ", "des ")):
        if commune.startswith(article):
            return contracted + commune.removeprefix(article)
    return f"d'{commune}" if commune[0] in "AEIOUYÀÂÉÈÊËÎÏÔÖÙÛÜ" else f"de {commune}"
