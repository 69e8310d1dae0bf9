"""Writing the agreements of a tenant and the partners that they name, as the owner of the database."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, select, update
from sqlmodel import col
from uuid_utils.compat import uuid7

from app.commands import CommandRefused
from app.domain.rules import Agreement
from app.tables import AgreementRow, Partner
from app.tables.base import utc_now


class AgreementDiffers(CommandRefused):
    """A signed agreement that is already there cannot be changed, only given an end."""


def known_partner(connection: Connection, code: str, name: str) -> UUID:
    """The partner of that code; a new one takes the name, a known one keeps its own."""
    known = connection.execute(select(col(Partner.id)).where(col(Partner.code) == code)).scalar_one_or_none()
    if known is None:
        known = uuid7()
        connection.execute(insert(Partner).values(id=known, code=code, name=name, entered_at=utc_now()))
    return UUID(str(known))


def write_agreement(connection: Connection, tenant_id: UUID, agreement: Agreement) -> None:
    """Adds an agreement of the tenant that the connection is bound to, signs a planned one, or ends a signed one.

    Raises AgreementDiffers.
    """
    fields = _columns(agreement)
    partner_id = known_partner(connection, agreement.partner, agreement.partner_name)
    statement = select(AgreementRow.__table__).where(  # type: ignore[attr-defined]
        col(AgreementRow.tenant_id) == tenant_id,
        col(AgreementRow.partner_id) == partner_id,
        col(AgreementRow.reference) == agreement.reference,
    )
    known = connection.execute(statement).mappings().one_or_none()
    if known is None:
        row = {"tenant_id": tenant_id, "id": uuid7(), "partner_id": partner_id, "entered_at": utc_now(), **fields}
        connection.execute(insert(AgreementRow).values(**row))
        return
    changed = {name for name, value in fields.items() if known[name] != value}
    ends = changed == {"valid_to"} and known["valid_to"] is None
    if changed and not (known["planned"] or ends):
        raise AgreementDiffers(f'the agreement "{agreement.reference}" is already there and says something else')
    if changed:
        connection.execute(update(AgreementRow).where(col(AgreementRow.id) == known["id"]).values(**fields))


def _columns(agreement: Agreement) -> dict[str, Any]:
    fields = asdict(agreement)
    del fields["partner"], fields["partner_name"]
    for name in ("parties", "contacts", "deliberations", "cost_shares"):
        fields[name] = list(fields[name])
    for name in ("handoff_kinds", "capabilities"):
        fields[name] = None if fields[name] is None else [choice.value for choice in fields[name]]
    for share in fields["cost_shares"]:
        share["share_percent"] = str(share["share_percent"])
    return fields
