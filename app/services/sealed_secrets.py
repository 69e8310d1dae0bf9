"""The secrets of partners that are read again, sealed under the key that is now the first."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.sealing_errors import SealBroken
from app.security import reseal
from app.tables import SigningKey, WebhookEndpoint

_SEALED: Sequence[tuple[type[SigningKey] | type[WebhookEndpoint], str]] = (
    (SigningKey, "secret_sealed"),
    (WebhookEndpoint, "secret_sealed"),
    (WebhookEndpoint, "previous_secret_sealed"),
)


async def reseal_of_partner(session: AsyncSession, partner_id: UUID, *, keys: str) -> tuple[int, int]:
    """How many secrets of the bound partner the first of the keys seals from now on, and how many none of them opens.

    What cannot be opened is left as it is. Raises EncryptionKeysMissing.
    """
    sealed = broken = 0
    for table, column in _SEALED:
        rows = select(table).where(col(table.partner_id) == partner_id, getattr(table, column).is_not(None))
        for row in await session.scalars(rows.order_by(col(table.id)).with_for_update()):
            try:
                setattr(row, column, reseal(getattr(row, column), keys=keys))
                sealed += 1
            except SealBroken:
                broken += 1
    return sealed, broken
