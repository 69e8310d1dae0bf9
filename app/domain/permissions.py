"""Who may do what: a table of roles by operation. What the table does not name is denied to everyone."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo


class Role(StrEnum):
    """What a member of staff does. Platform staff look after the instance and see no tenant's data.

    A partner is a machine of a lender, and sees what was handed over to it.
    """

    AGENT = "agent"
    DECIDER = "decider"
    MANAGER = "manager"
    PLATFORM = "platform"
    PARTNER = "partner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who is asking. `tenant_id` and what follows from it are null for the platform's staff and for partners.

    A partner calls through one of its clients, whose identifier is then the `account_id`.
    """

    account_id: UUID
    login: str
    roles: frozenset[Role]
    tenant_id: UUID | None
    tenant_slug: str | None
    time_zone: ZoneInfo
    commune_insee_codes: frozenset[str]
    partner_id: UUID | None = None
    partner_code: str | None = None

    @property
    def staff_account_id(self) -> UUID | None:
        """The author of what a member of staff does; null for a partner."""
        return self.account_id if self.partner_id is None else None

    @property
    def partner_client_id(self) -> UUID | None:
        """The author of what a partner does; null for a member of staff."""
        return None if self.partner_id is None else self.account_id


_STAFF = frozenset({Role.AGENT, Role.DECIDER, Role.MANAGER})
_AGENT = frozenset({Role.AGENT})
_DECIDER = frozenset({Role.DECIDER})
_MANAGER = frozenset({Role.MANAGER})
_PARTNER = frozenset({Role.PARTNER})
STAFF_ROLES = _STAFF

# Operation identifiers are `file_function` of `app/routers/`.
ROLES: dict[str, frozenset[Role]] = {
    "auth_me": frozenset(Role),
    "rule_adoptions_create": _MANAGER,
    "rule_impacts_create": _MANAGER,
    "people_create": _AGENT,
    "people_list": _STAFF,
    "people_read": _STAFF,
    "people_update": _AGENT,
    "requests_create": _AGENT,
    "requests_list": _STAFF,
    "requests_read": _STAFF,
    "requests_update": _AGENT,
    "requests_actions": _STAFF,
    "requests_assess": _AGENT,
    "requests_submit": _AGENT,
    "requests_close": _AGENT,
    "plans_read_budget": _STAFF,
    "plans_replace_budget": _AGENT,
    "plans_read_financing_plan": _STAFF,
    "plans_replace_financing_plan": _AGENT,
    "attestations_create": _AGENT,
    "attestations_list": _STAFF,
    "decisions_create": _DECIDER,
    "decisions_list": _STAFF,
    "decisions_read": _STAFF,
    "loans_create": _AGENT,
    "loans_list": _STAFF,
    "loans_read": _STAFF,
    "loans_schedule": _STAFF,
    "loans_actions": _STAFF,
    "loans_sign": _AGENT,
    "loans_disburse": _AGENT,
    "loans_open_litigation": _AGENT,
    "loans_cancel": _AGENT,
    "agreements_list": _STAFF,
    "agreements_read": _STAFF,
    "authorisations_create": _AGENT,
    "authorisations_list": _STAFF,
    "authorisations_withdraw": _AGENT,
    "handoffs_create": _AGENT,
    "handoffs_list": _STAFF,
    "handoffs_read": _STAFF,
    "handoffs_complete": _AGENT,
    "handoffs_withdraw": _AGENT,
    "ficp_checks_list": _STAFF,
    "inbox_list": _PARTNER,
    "inbox_read": _PARTNER,
    "inbox_acknowledge": _PARTNER,
    "inbox_answer": _PARTNER,
    "ficp_checks_push": _PARTNER,
    "offers_create": _PARTNER,
    "offers_disburse": _PARTNER,
    "statements_create": _PARTNER,
    "repayments_ledger": _STAFF,
    "repayments_create": _AGENT,
    "repayments_reverse": _AGENT,
}


def allows(roles: frozenset[Role], operation: str) -> bool:
    """Whether one of the roles may carry out the operation."""
    return not roles.isdisjoint(ROLES.get(operation, frozenset()))
