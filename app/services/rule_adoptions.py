"""Adopting a version of the rules: checked against the law, dated, and never changed afterwards."""

import re
from collections.abc import Sequence
from datetime import date, timedelta

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import messages
from app.domain import rule_checks
from app.domain.errors import DateInPast, FieldFault, Invalid, NotFound, RulesOverlap
from app.domain.permissions import Caller
from app.domain.rule_checks import RuleCodes, RuleFault
from app.domain.rules import RuleVersion
from app.messages import Language
from app.parameters.codes import codes
from app.parameters.law import national_law, usury_table
from app.schemas.rule_adoptions import AdoptionWarning, RuleAdoptionCreate, RuleAdoptionRead
from app.schemas.tenants import RuleVersionRead
from app.tables import RuleVersionRow
from app.tenancy import bound_tenant, of_tenant

_VERSION = TypeAdapter(RuleVersion)
_CODES = RuleCodes(purposes=codes("purposes"), papers=codes("papers"), exceptions=codes("exceptions"))
# After these, the rest of a path is one key, which may have points of its own.
_OF_RULES = re.compile(r"(.*\.(?:sources|severities|overridable_by))\.(.+)")


async def create(
    session: AsyncSession, slug: str, *, caller: Caller, today: date, language: Language, body: RuleAdoptionCreate
) -> RuleAdoptionRead:
    """Adds a version after the last one; an open one that it follows ends the day before.

    Raises NotFound for another tenant's rules, DateInPast, Invalid with every fault, RulesOverlap.
    """
    check_own(caller, slug)
    if body.valid_from < today:
        raise DateInPast(field="valid_from")
    rows = await _locked(session)
    version = RuleVersion(version=max((row.version for row in rows), default=0) + 1, **dict(body))
    _check(version, communes=caller.commune_insee_codes)
    _close_open(rows, version)
    await session.flush()  # the end of the version before is written first: no day may have two
    content = _VERSION.dump_python(version, mode="json", include={"products", "indexes"})
    dated = body.model_dump(exclude={"products", "indexes"})
    session.add(
        RuleVersionRow(
            tenant_id=bound_tenant(session),
            version=version.version,
            **dated,
            **content,
            adopted_by=caller.account_id,
        )
    )
    read = RuleVersionRead.model_validate(version)
    return RuleAdoptionRead(**dict(read), warnings=_warnings(rows, version, language))


def check_own(caller: Caller, slug: str) -> None:
    """Raises NotFound unless the rules are those of the caller's own CCAS."""
    if caller.tenant_slug != slug:
        raise NotFound


def faults(version: RuleVersion, *, communes: frozenset[str]) -> list[RuleFault]:
    """Why a version could not be adopted: every fault, those against the law among them."""
    return rule_checks.faults(version, law=national_law(), usury=usury_table(), codes=_CODES, communes=communes)


async def _locked(session: AsyncSession) -> Sequence[RuleVersionRow]:
    """The versions, oldest first, held, so that two adoptions follow one another; read again once they are."""
    rows = select(RuleVersionRow).where(of_tenant(session, RuleVersionRow)).order_by(col(RuleVersionRow.version))
    await session.execute(rows.with_for_update())
    return (await session.scalars(rows.execution_options(populate_existing=True))).all()


def _check(version: RuleVersion, *, communes: frozenset[str]) -> None:
    found = faults(version, communes=communes)
    if found:
        raise Invalid(*(FieldFault(_pointer(fault), fault.code, dict(fault.facts)) for fault in found))


def _pointer(fault: RuleFault) -> str:
    whole = _OF_RULES.fullmatch(fault.path)
    steps = [*whole[1].split("."), whole[2]] if whole else fault.path.split(".")
    return "/body" + "".join(f"/{step}" for step in steps)


def _close_open(rows: Sequence[RuleVersionRow], version: RuleVersion) -> None:
    """Ends the open version that the new one follows. Raises RulesOverlap for any other that shares a day with it."""
    begins, ends = version.valid_from or date.min, version.valid_to or date.max
    for row in rows:
        if row.valid_to is None and (row.valid_from or date.min) < begins:
            row.valid_to = begins - timedelta(days=1)
        elif (row.valid_from or date.min) <= ends and begins <= (row.valid_to or date.max):
            taken = {"taken_from": _told(row.valid_from), "taken_to": _told(row.valid_to)}
            raise RulesOverlap(taken_by=row.version, **taken, free_from=_free_from(rows).isoformat())


def _free_from(rows: Sequence[RuleVersionRow]) -> date:
    """The first day from which another version could be adopted: after the last of those that end, or that begin."""
    return max(day for row in rows if (day := row.valid_to or row.valid_from) is not None) + timedelta(days=1)


def _warnings(rows: Sequence[RuleVersionRow], version: RuleVersion, language: Language) -> list[AdoptionWarning]:
    if version.valid_to is None:
        return []
    after = version.valid_to + timedelta(days=1)
    if any((row.valid_from or date.min) <= after <= (row.valid_to or date.max) for row in rows):
        return []
    fault = FieldFault("/body/valid_to", "no_rules_after", {"from": after.isoformat()})
    return [AdoptionWarning(code="no_rules_after", from_on=after, message=messages.of_fault(fault, language))]


def _told(on: date | None) -> str | None:
    return on.isoformat() if on else None
