"""The rules of the tenant: which version is in force on a day, and which product a file is of."""

import json
from datetime import date
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.errors import NoRulesInForce, ProductNotChosen, UnknownProduct
from app.domain.products import Product
from app.domain.rules import RuleVersion
from app.tables import Request, RuleVersionRow
from app.tenancy import of_tenant

_PRODUCTS = TypeAdapter(tuple[Product, ...])


async def in_force(session: AsyncSession, on: date) -> tuple[UUID, RuleVersion]:
    """The version in force on a day with its identifier, or NoRulesInForce."""
    row = (
        await session.scalars(
            select(RuleVersionRow).where(
                of_tenant(session, RuleVersionRow),
                or_(col(RuleVersionRow.valid_from).is_(None), col(RuleVersionRow.valid_from) <= on),
                or_(col(RuleVersionRow.valid_to).is_(None), col(RuleVersionRow.valid_to) >= on),
            )
        )
    ).one_or_none()
    if row is None:
        raise NoRulesInForce(on=on.isoformat())
    return row.id, _version(row)


async def by_id(session: AsyncSession, version_id: UUID) -> RuleVersion:
    """A version that something in the database refers to."""
    statement = select(RuleVersionRow).where(of_tenant(session, RuleVersionRow), col(RuleVersionRow.id) == version_id)
    return _version((await session.scalars(statement)).one())


def product(version: RuleVersion, code: str | None, *, on: date) -> Product:
    """The product of that code; the only one where no code is given.

    Raises UnknownProduct, or ProductNotChosen where there are several.
    """
    if code is None and len(version.products) > 1:
        raise ProductNotChosen(on=on.isoformat())
    for candidate in version.products:
        if code in (None, candidate.code):
            return candidate
    raise UnknownProduct(on=on.isoformat(), product=code)


async def product_of(session: AsyncSession, request: Request, *, on: date) -> Product:
    """The product of a request under the rules of a day. Raises NoRulesInForce, UnknownProduct."""
    _, version = await in_force(session, on)
    return product(version, request.product, on=on)


def _version(row: RuleVersionRow) -> RuleVersion:
    return RuleVersion(
        version=row.version,
        valid_from=row.valid_from,
        valid_from_precision=row.valid_from_precision,
        valid_to=row.valid_to,
        reference=row.reference,
        products=_PRODUCTS.validate_json(json.dumps(row.products)),
    )
