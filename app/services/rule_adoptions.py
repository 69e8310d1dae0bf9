"""Adopting a version of the rules: checked against the law, dated, and never changed; withdrawn before it begins."""

import re
from collections.abc import Sequence
from datetime import date, timedelta

from pydantic import TypeAdapter
from sqlalchemy import exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import messages
from app.domain import rule_checks
from app.domain.dates import DAY_MAX
from app.domain.errors import DateInPast, FieldFault, Forbidden, Invalid, NotFound, RulesOverlap
from app.domain.permissions import Caller
from app.domain.request_lifecycle import EDITABLE, RequestStatus
from app.domain.rule_checks import RuleCodes, RuleFault
from app.domain.rule_errors import (
    DecisionsUnderVersion,
    NoFreeDay,
    RulesAlreadyWithdrawn,
    RulesBegun,
    RulesFollowed,
    RulesUsed,
)
from app.domain.rules import RuleVersion
from app.messages import Language
from app.parameters.codes import codes
from app.parameters.law import national_law, usury_table
from app.schemas.rule_adoptions import (
    AdoptionWarning,
    RuleAdoptionCreate,
    RuleAdoptionRead,
    RuleWithdrawalCreate,
    RuleWithdrawalRead,
)
from app.schemas.tenants import RuleVersionRead, RuleVersionSummary
from app.tables import Decision, Request, RuleVersionRow
from app.tenancy import bound_tenant, of_tenant

_VERSION = TypeAdapter(RuleVersion)
_CODES = RuleCodes(purposes=codes("purposes"), papers=codes("papers"), exceptions=codes("exceptions"))
_CONTENT = {"products", "indexes", "commission"}
_UNDECIDED = EDITABLE | {RequestStatus.SUBMITTED}
# After these, the rest of a path is one key, which may have points of its own.
_OF_RULES = re.compile(r"(.*\.(?:sources|severities|overridable_by))\.(.+)")


async def create(
    session: AsyncSession, slug: str, *, caller: Caller, today: date, language: Language, body: RuleAdoptionCreate
) -> RuleAdoptionRead:
    """Adds a version after the last one; an open one that it follows ends the day before.

    Raises NotFound for another tenant's rules, DateInPast, Invalid with every fault, RulesOverlap,
    NoFreeDay, DecisionsUnderVersion.
    """
    check_own(caller, slug)
    if body.valid_from < today:
        raise DateInPast(field="valid_from")
    rows = await _locked(session)
    commission = body.commission.rule() if body.commission else None
    number = max((row.version for row in rows), default=0) + 1
    version = RuleVersion(version=number, **{**dict(body), "commission": commission})
    _check(version, communes=caller.served_insee_codes)
    standing = [row for row in rows if row.withdrawn_at is None]
    closed = _open_before(standing, version)
    if closed is not None:
        await _check_undecided(session, closed, begins=body.valid_from)
        closed.valid_to = body.valid_from - timedelta(days=1)
    await session.flush()  # the end of the version before is written first: no day may have two
    content = _VERSION.dump_python(version, mode="json", include=_CONTENT)
    dated = body.model_dump(exclude=_CONTENT)
    session.add(
        RuleVersionRow(
            tenant_id=bound_tenant(session),
            version=version.version,
            **dated,
            **content,
            adopted_by=caller.account_id,
            closes_version=closed.version if closed else None,
        )
    )
    warnings = await _dropped(session, version, language)
    if version.valid_to is not None:
        warnings += _without_rules(standing, version.valid_to + timedelta(days=1), language)
    return RuleAdoptionRead(**dict(RuleVersionRead.model_validate(version)), warnings=warnings)


async def withdraw(
    session: AsyncSession,
    slug: str,
    number: int,
    *,
    caller: Caller,
    today: date,
    language: Language,
    body: RuleWithdrawalCreate,
) -> RuleWithdrawalRead:
    """Takes back a version that has not begun; the open version that its adoption closed is open again.

    Raises NotFound, RulesAlreadyWithdrawn, RulesBegun, RulesUsed, RulesFollowed.
    """
    check_own(caller, slug)
    rows = await _locked(session)
    row = next((row for row in rows if row.version == number), None)
    if row is None:
        raise NotFound
    begins = _check_to_come(rows, row, today=today)
    await _check_unused(session, row)
    # The database takes the instant of the transaction and no other.
    row.withdrawn_at = (await session.scalars(select(func.now()))).one()
    row.withdrawn_by, row.withdrawal_reason = caller.account_id, body.reason
    await session.flush()  # its days are free before another version has them
    reopened = next((other for other in rows if other.version == row.closes_version), None)
    if reopened is not None:
        reopened.valid_to = None
    standing = [other for other in rows if other.withdrawn_at is None]
    return RuleWithdrawalRead(
        **dict(RuleVersionSummary.model_validate(row)),
        reopened_version=reopened.version if reopened else None,
        warnings=_without_rules(standing, begins, language),
    )


def check_own(caller: Caller, slug: str) -> None:
    """Raises NotFound unless the rules are those of the caller's own CCAS, Forbidden for one of its communes."""
    if caller.tenant_slug != slug:
        raise NotFound
    if not caller.sees_whole_tenant:
        raise Forbidden


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


def _open_before(rows: Sequence[RuleVersionRow], version: RuleVersion) -> RuleVersionRow | None:
    """The open version that the new one follows and closes. Raises RulesOverlap for any other it shares a day with,
    NoFreeDay where no day is left after them.
    """
    begins, ends = version.valid_from or date.min, version.valid_to or date.max
    found = None
    for row in rows:
        if row.valid_to is None and (row.valid_from or date.min) < begins:
            found = row
        elif (row.valid_from or date.min) <= ends and begins <= (row.valid_to or date.max):
            taken = {"taken_from": _told(row.valid_from), "taken_to": _told(row.valid_to)}
            free_from = _free_from(rows)
            if free_from is None:
                raise NoFreeDay(taken_by=row.version, **taken, free_from=None)
            raise RulesOverlap(taken_by=row.version, **taken, free_from=free_from.isoformat())
    return found


async def _check_undecided(session: AsyncSession, row: RuleVersionRow, *, begins: date) -> None:
    """Raises DecisionsUnderVersion where a decision under a version is of the day that another begins, or after."""
    statement = select(func.max(Decision.decided_on)).where(
        of_tenant(session, Decision), col(Decision.rule_version_id) == row.id, col(Decision.decided_on) >= begins
    )
    last: date | None = (await session.scalars(statement)).one()
    if last is not None:
        free_from = (last + timedelta(days=1)).isoformat()
        raise DecisionsUnderVersion(version=row.version, decided_on=last.isoformat(), free_from=free_from)


def _check_to_come(rows: Sequence[RuleVersionRow], row: RuleVersionRow, *, today: date) -> date:
    """The day that a version would begin. Raises RulesAlreadyWithdrawn, RulesBegun, RulesFollowed."""
    if row.withdrawn_at is not None:
        raise RulesAlreadyWithdrawn(version=row.version)
    if row.valid_from is None or row.valid_from <= today:
        raise RulesBegun(version=row.version, valid_from=_told(row.valid_from))
    later = [one for one in rows if one.withdrawn_at is None and (one.valid_from or date.min) > row.valid_from]
    if later:
        last = max(later, key=lambda one: one.valid_from or date.min)
        raise RulesFollowed(version=row.version, followed_by=last.version)
    return row.valid_from


async def _check_unused(session: AsyncSession, row: RuleVersionRow) -> None:
    """Raises RulesUsed where a request or a decision refers to a version."""
    of_requests = exists().where(of_tenant(session, Request), col(Request.rules_version) == row.version)
    of_decisions = exists().where(of_tenant(session, Decision), col(Decision.rule_version_id) == row.id)
    if (await session.scalars(select(or_(of_requests, of_decisions)))).one():
        raise RulesUsed(version=row.version)


def _free_from(rows: Sequence[RuleVersionRow]) -> date | None:
    """The first day from which another version could be adopted: after the last of those that end, or that begin.

    Null where no day is left to adopt from.
    """
    last = max(day for row in rows if (day := row.valid_to or row.valid_from) is not None)
    return last + timedelta(days=1) if last < DAY_MAX else None


def _without_rules(rows: Sequence[RuleVersionRow], after: date, language: Language) -> list[AdoptionWarning]:
    """The warning that no version has a day."""
    if any((row.valid_from or date.min) <= after <= (row.valid_to or date.max) for row in rows):
        return []
    fault = FieldFault("/body/valid_to", "no_rules_after", {"from": after.isoformat()})
    return [AdoptionWarning(code="no_rules_after", from_on=after, message=messages.of_fault(fault, language))]


async def _dropped(session: AsyncSession, version: RuleVersion, language: Language) -> list[AdoptionWarning]:
    """The products that a version does not have and that files without a decision are of."""
    begins = version.valid_from or date.min
    counted = (
        select(col(Request.product), func.count())
        .where(
            of_tenant(session, Request),
            col(Request.status).in_(_UNDECIDED),
            col(Request.product).not_in([product.code for product in version.products]),
        )
        .group_by(col(Request.product))
        .order_by(col(Request.product))
    )
    found = []
    for product, number in (await session.execute(counted)).all():
        told = {"product": product, "open_requests": number}
        fault = FieldFault("/body/products", "product_dropped", {**told, "from": begins.isoformat()})
        message = messages.of_fault(fault, language)
        found.append(AdoptionWarning(code="product_dropped", from_on=begins, **told, message=message))
    return found


def _told(on: date | None) -> str | None:
    return on.isoformat() if on else None
