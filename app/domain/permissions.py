"""Who is asking: the roles of people and machines."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo


class Role(StrEnum):
    """What a member of staff does. Platform staff look after the instance and see no tenant's data.

    The desk (secrétariat, accueil téléphonique) answers the phone: it searches, notes contacts and fills their intake
    sheets, and reads no whole file. A partner is a machine of a lender, and sees what was handed over to it.
    """

    AGENT = "agent"
    DECIDER = "decider"
    MANAGER = "manager"
    DESK = "desk"
    PLATFORM = "platform"
    PARTNER = "partner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who is asking. `tenant_id` and what follows from it are null for the platform's staff and for partners.

    `commune_insee_codes` are those whose files the caller sees, among the `served_insee_codes` of the tenant.

    A partner calls through one of its clients, whose identifier is then the `account_id`; `signed` says that its push
    carried a signature that was verified. What it tells otherwise, by an officer or a letter, is of `telling_id`, and
    of one tenant.
    """

    account_id: UUID
    login: str
    roles: frozenset[Role]
    tenant_id: UUID | None
    tenant_slug: str | None
    time_zone: ZoneInfo
    commune_insee_codes: frozenset[str]
    served_insee_codes: frozenset[str]
    partner_id: UUID | None = None
    partner_code: str | None = None
    signed: bool = False
    telling_id: UUID | None = None

    @property
    def sees_whole_tenant(self) -> bool:
        """Whether no commune of the tenant is kept from the caller."""
        return self.commune_insee_codes >= self.served_insee_codes

    @property
    def staff_account_id(self) -> UUID | None:
        """The author of what a member of staff does; null for a partner."""
        return self.account_id if self.partner_id is None else None

    @property
    def partner_client_id(self) -> UUID | None:
        """The author of what a machine of a partner does; null for staff and for what was told otherwise."""
        return None if self.partner_id is None or self.telling_id is not None else self.account_id

    @property
    def author(self) -> dict[str, Any]:
        """The columns that name the author of an act: exactly one of them does."""
        return {
            "account_id": self.staff_account_id,
            "partner_client_id": self.partner_client_id,
            "telling_id": self.telling_id,
        }


STAFF_ROLES = frozenset({Role.AGENT, Role.DECIDER, Role.MANAGER, Role.DESK})
