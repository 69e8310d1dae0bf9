"""The staff of the CCAS, and the time they spend on the scheme."""

from uuid import UUID

from app.domain.permissions import Role
from app.schemas.base import Output


class UserRead(Output):
    """An account. `commune_insee_codes` are those it works for; null is all of them."""

    id: UUID
    login: str
    roles: list[Role]
    commune_insee_codes: list[str] | None
    active: bool
