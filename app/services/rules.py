"""The rules of the tenant: which version is in force on a day, and which product a file is of."""

import json
from datetime import date
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.committees import CommissionRule
from app.domain.errors import NoRulesInForce, NotFound, ProductNotChosen, UnknownProduct
from app.domain.products import Product
from app.domain.rules import Index, RuleVersion
from app.domain.settled_rules import settle
from app.tables import Decision, Request, RuleVersionRow
from app.tenancy import of_tenant

_PRODUCTS = TypeAdapter(tuple[Product, ...])
_INDEXES = TypeAdapter(tuple[Index, ...])
_COMMISSION: TypeAdapter[CommissionRule | None] = TypeAdapter(CommissionRule | None)


async def in_force(session: AsyncSession, on: date, *, held: bool = False) -> tuple[UUID, RuleVersion]:
    """The version in force on a day with its identifier, or NoRulesInForce.

    One that is `held` stays in force until the transaction ends: whoever would close or withdraw it waits.
    """
    statement = select(RuleVersionRow).where(
        of_tenant(session, RuleVersionRow),
        col(RuleVersionRow.withdrawn_at).is_(None),
        or_(col(RuleVersionRow.valid_from).is_(None), col(RuleVersionRow.valid_from) <= on),
        or_(col(RuleVersionRow.valid_to).is_(None), col(RuleVersionRow.valid_to) >= on),
    )
    if held:
        # FOR SHARE, as writing an end takes a lock that FOR KEY SHARE lets through.
        statement = statement.with_for_update(read=True).execution_options(populate_existing=True)
    row = (await session.scalars(statement)).one_or_none()
    if row is None and held:
        # The one that was waited for ended meanwhile: another look sees the one that follows it.
        row = (await session.scalars(statement)).one_or_none()
    if row is None:
        raise NoRulesInForce(on=on.isoformat())
    return row.id, _version(row)


async def by_id(session: AsyncSession, version_id: UUID) -> RuleVersion:
    """A version that something in the database refers to."""
    statement = select(RuleVersionRow).where(of_tenant(session, RuleVersionRow), col(RuleVersionRow.id) == version_id)
    return _version((await session.scalars(statement)).one())


async def by_number(session: AsyncSession, number: int) -> RuleVersion:
    """A version by its number, or NotFound."""
    statement = select(RuleVersionRow).where(of_tenant(session, RuleVersionRow), col(RuleVersionRow.version) == number)
    row = (await session.scalars(statement)).one_or_none()
    if row is None:
        raise NotFound
    return _version(row)


def product(
    version: RuleVersion, code: str | None, *, on: date, lender: str | None = None, age: int | None = None
) -> Product:
    """The product of that code (the only one where no code is given), settled for a day, a lender and an age.

    Raises UnknownProduct, UnknownLender, or ProductNotChosen where there are several.
    """
    return settle(published(version, code, on=on), on=on, indexes=version.indexes, lender=lender, age=age)


def published(version: RuleVersion, code: str | None, *, on: date) -> Product:
    """The product as it was adopted, with all its lenders. Raises UnknownProduct, ProductNotChosen."""
    if code is None and len(version.products) > 1:
        raise ProductNotChosen(on=on.isoformat())
    for candidate in version.products:
        if code in (None, candidate.code):
            return candidate
    raise UnknownProduct(on=on.isoformat(), product=code)


async def last_with(session: AsyncSession, version: RuleVersion, code: str, *, on: date) -> RuleVersion:
    """The version of a day, or where it dropped the product, the last one before that had it.

    Raises UnknownProduct where none had it.
    """
    if any(one.code == code for one in version.products):
        return version
    statement = select(RuleVersionRow).where(
        of_tenant(session, RuleVersionRow),
        col(RuleVersionRow.withdrawn_at).is_(None),
        or_(col(RuleVersionRow.valid_from).is_(None), col(RuleVersionRow.valid_from) <= on),
    )
    for row in await session.scalars(statement.order_by(col(RuleVersionRow.version).desc())):
        earlier = _version(row)
        if any(one.code == code for one in earlier.products):
            return earlier
    raise UnknownProduct(on=on.isoformat(), product=code)


async def product_of(session: AsyncSession, request: Request, *, on: date, lender: str | None = None) -> Product:
    """The product of a request under the rules of a day, with the lender where the rules name it, else their first.

    Raises NoRulesInForce, UnknownProduct.
    """
    _, version = await in_force(session, on)
    named = _named(published(version, request.product, on=on), lender)
    return product(version, request.product, on=on, lender=named)


async def decided(
    session: AsyncSession, decision: Decision, request: Request, *, lender: str | None = None
) -> tuple[RuleVersion, Product]:
    """The version that a decision was taken under, and its product as it was settled then.

    The lender is the one asked for where the rules name it, else the one that was decided on.
    """
    version, on = await by_id(session, decision.rule_version_id), decision.decided_on
    whole = published(version, request.product, on=on)
    chosen = _named(whole, lender) or _named(whole, decision.facts.get("lender"))
    return version, product(version, request.product, on=on, lender=chosen, age=decision.facts.get("applicant_age"))


def _named(whole: Product, lender: str | None) -> str | None:
    """The lender if the rules name it: an agreement alone may let another one lend, under the terms of the first."""
    return lender if lender in [candidate.code for candidate in whole.lenders] else None


def _version(row: RuleVersionRow) -> RuleVersion:
    return RuleVersion(
        version=row.version,
        valid_from=row.valid_from,
        valid_from_precision=row.valid_from_precision,
        valid_to=row.valid_to,
        reference=row.reference,
        products=_PRODUCTS.validate_json(json.dumps(row.products)),
        indexes=_INDEXES.validate_json(json.dumps(row.indexes)),
        commission=_COMMISSION.validate_json(json.dumps(row.commission)),
    )
