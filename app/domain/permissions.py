"""Who may do what: a table of roles by operation. What the table does not name is denied to everyone."""

from dataclasses import dataclass
from enum import StrEnum
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

    A partner calls through one of its clients, whose identifier is then the `account_id`.
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
        """The author of what a partner does; null for a member of staff."""
        return None if self.partner_id is None else self.account_id


_STAFF = frozenset({Role.AGENT, Role.DECIDER, Role.MANAGER})
_AGENT = frozenset({Role.AGENT})
_DECIDER = frozenset({Role.DECIDER})
_MANAGER = frozenset({Role.MANAGER})
_PARTNER = frozenset({Role.PARTNER})
_DESK = frozenset({Role.DESK})
STAFF_ROLES = _STAFF | _DESK

# Operation identifiers are `file_function` of `app/routers/`.
ROLES: dict[str, frozenset[Role]] = {
    "auth_me": frozenset(Role),
    "rule_adoptions_create": _MANAGER,
    "rule_adoptions_withdraw": _MANAGER,
    "rule_impacts_create": _MANAGER,
    "people_create": _AGENT,
    "people_list": STAFF_ROLES,
    "people_read": STAFF_ROLES,
    "people_update": _AGENT,
    "people_budgets": _STAFF,
    "candidates_search": STAFF_ROLES,
    "relations_create": _AGENT,
    "relations_list": _STAFF,
    "relations_end": _AGENT,
    "merges_create": _AGENT,
    "merges_list": _STAFF,
    "merges_reverse": _AGENT,
    "organisations_create": _AGENT,
    "organisations_list": STAFF_ROLES,
    "organisations_read": STAFF_ROLES,
    "organisations_update": _AGENT,
    "contacts_create": _AGENT | _DESK,
    "contacts_list": STAFF_ROLES,
    "contacts_read": STAFF_ROLES,
    "contacts_update": _AGENT | _DESK,
    "contacts_become_request": _AGENT | _DESK,
    "contacts_close": _AGENT | _DESK,
    "requests_create": _AGENT,
    "requests_list": STAFF_ROLES,
    "requests_read": _STAFF,
    "requests_update": _AGENT,
    "requests_actions": _STAFF,
    "timelines_read": _STAFF,
    "requests_assess": _AGENT,
    "requests_await_papers": _AGENT,
    "requests_submit": _AGENT,
    "requests_close": _AGENT,
    "reopenings_create": _AGENT,
    "reopenings_list": _STAFF,
    "transfers_create": _AGENT | _MANAGER,
    "transfers_list": _STAFF,
    "assignments_create": _AGENT | _MANAGER,
    "assignments_list": _STAFF,
    "users_list": _AGENT | _MANAGER,
    "working_times_create": _MANAGER,
    "working_times_list": _AGENT | _MANAGER,
    "workload_read": _MANAGER,
    "workload_thresholds_create": _MANAGER,
    "workload_thresholds_list": _MANAGER,
    "worklist_list": _STAFF,
    "appointments_create": _AGENT | _DESK,
    "appointments_create_of_contact": _AGENT | _DESK,
    "appointments_list": _STAFF | _DESK,
    "appointments_list_of_request": _STAFF | _DESK,
    "appointments_list_of_contact": _STAFF | _DESK,
    "appointments_figures": _STAFF,
    "appointments_read": _STAFF | _DESK,
    "appointments_record_outcome": _AGENT | _DESK,
    "papers_create": _AGENT,
    "papers_create_list": _AGENT,
    "papers_list": _STAFF,
    "papers_letter": _STAFF,
    "papers_receive": _AGENT,
    "papers_waive": _AGENT,
    "notes_create": _STAFF,
    "notes_list": _STAFF,
    "notes_strike": _STAFF,
    "rights_checks_create": _AGENT,
    "rights_checks_list": _STAFF,
    "referrals_create": _AGENT,
    "referrals_create_of_contact": _AGENT,
    "referrals_list": _STAFF,
    "referrals_list_of_request": _STAFF,
    "referrals_list_of_contact": _STAFF,
    "referrals_figures": _STAFF,
    "referrals_read": _STAFF,
    "referrals_remind": _AGENT,
    "referral_links_create": _AGENT,
    "referral_answers_create": _AGENT,
    "eligibility_read": _STAFF,
    "plans_read_budget": _STAFF,
    "plans_replace_budget": _AGENT,
    "budget_projections_read": _STAFF,
    "plans_read_financing_plan": _STAFF,
    "plans_replace_financing_plan": _AGENT,
    "assessments_read": _STAFF,
    "assessments_replace": _AGENT,
    "action_plans_read": _STAFF,
    "action_plans_replace": _AGENT,
    "attestations_create": _AGENT,
    "attestations_list": _STAFF,
    "documents_read_of_request": _STAFF,
    "logos_create": _MANAGER,
    "logos_list": _STAFF,
    "decisions_create": _DECIDER,
    "decisions_list": _STAFF,
    "decisions_read": _STAFF,
    "committees_create": _MANAGER,
    "committees_list": _STAFF,
    "committees_read": _STAFF,
    "committees_update": _MANAGER,
    "committee_members_create": _MANAGER,
    "committee_members_list": _STAFF,
    "committee_members_end": _MANAGER,
    "sessions_create": _AGENT | _MANAGER,
    "sessions_list": _STAFF,
    "sessions_read": _STAFF,
    "sessions_convene": _AGENT | _MANAGER,
    "sessions_open": _AGENT | _MANAGER,
    "sessions_cancel": _AGENT | _MANAGER,
    "session_attendances_create": _AGENT | _MANAGER,
    "session_attendances_list": _STAFF,
    "agenda_items_create": _AGENT | _MANAGER,
    "agenda_items_build": _AGENT | _MANAGER,
    "agenda_items_list": _STAFF,
    "agenda_items_read": _STAFF,
    "agenda_items_withdraw": _AGENT | _MANAGER,
    "agenda_items_review_loan": _AGENT | _MANAGER,
    "recusals_create": _AGENT | _MANAGER,
    "votes_create": _AGENT | _MANAGER,
    "agenda_pages_read": _STAFF,
    "minutes_close": _DECIDER,
    "minutes_read": _STAFF,
    "session_documents_read": _STAFF,
    "ratifications_create": _DECIDER,
    "conditions_meet": _AGENT | _DECIDER,
    "rectifications_create": _DECIDER,
    "rectifications_list": _STAFF,
    "notifications_create": _AGENT,
    "notifications_list": _STAFF,
    "decision_figures_read": _STAFF,
    "envelopes_create": _MANAGER,
    "envelopes_list": _STAFF,
    "loans_create": _AGENT,
    "loans_list": _STAFF,
    "loans_read": _STAFF,
    "loans_schedule": _STAFF,
    "loans_actions": _STAFF,
    "loans_sign": _AGENT,
    "loans_cancel": _AGENT,
    "loan_figures_read": _STAFF,
    "litigations_create": _AGENT,
    "litigations_list": _STAFF,
    "litigations_end": _AGENT,
    "write_offs_create": _AGENT,
    "discharges_create": _AGENT,
    "discharges_list": _STAFF,
    "discharges_reverse": _AGENT,
    "remissions_create": _AGENT,
    "reversals_create": _AGENT,
    "disbursements_create": _AGENT,
    "disbursements_list": _STAFF,
    "disbursements_reverse": _AGENT,
    "undrawn_create": _AGENT,
    "credit_refunds_create": _AGENT,
    "over_indebtedness_create": _AGENT,
    "over_indebtedness_list": _STAFF,
    "withdrawals_create": _AGENT,
    "deferrals_create": _AGENT | _DECIDER,
    "reschedules_create": _AGENT | _DECIDER,
    "early_repayments_create": _AGENT | _DECIDER,
    "payoffs_read": _STAFF,
    "schedule_changes_list": _STAFF,
    "schedule_changes_cancel": _AGENT | _DECIDER,
    "schedule_previews_create": _STAFF,
    "loan_documents_read": _STAFF,
    "supports_create": _AGENT,
    "supports_list": _STAFF,
    "supports_read": _STAFF,
    "supports_cancel": _AGENT,
    "arrears_list": _STAFF,
    "loan_options_list": _STAFF,
    "sent_letters_create": _AGENT,
    "sent_letters_list": _STAFF,
    "support_contracts_create": _AGENT,
    "support_contracts_list": _STAFF,
    "support_contracts_read": _STAFF,
    "support_contracts_end": _AGENT,
    "support_actions_create": _AGENT,
    "support_actions_list": _STAFF,
    "workshops_create": _AGENT,
    "workshops_list": _STAFF,
    "workshops_read": _STAFF,
    "workshops_update": _AGENT,
    "attendances_create": _AGENT,
    "attendances_list": _STAFF,
    "attendances_list_of_person": _STAFF,
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
    "accounting_slips_create": _AGENT | _MANAGER,
    "accounting_slips_list": _STAFF,
    "accounting_slips_read": _STAFF,
    "accounting_slips_download": _AGENT | _MANAGER,
    "position_imports_create": _AGENT,
    "portfolio_imports_create": _AGENT,
    "ledger_figures_read": _STAFF,
    "guarantees_list": _STAFF,
    "guarantee_claims_create": _AGENT,
    "guarantee_claims_list": _STAFF,
    "guarantee_claims_read": _STAFF,
    "guarantee_claims_reverse": _AGENT,
    "guarantee_payments_create": _AGENT,
    "guarantee_payments_reverse": _AGENT,
    "guarantee_recoveries_create": _AGENT,
    "guarantee_recoveries_list": _STAFF,
    "guarantee_recoveries_reverse": _AGENT,
    "borne_interest_read": _STAFF,
    "borne_interest_csv": _STAFF,
    "borne_interest_statements_create": _AGENT | _MANAGER,
    "borne_interest_statements_list": _STAFF,
    "borne_interest_statements_read": _STAFF,
    "interest_refunds_create": _AGENT,
    "interest_refunds_list": _STAFF,
    "positions_create": _AGENT | _MANAGER,
    "positions_list": _STAFF,
}


def allows(roles: frozenset[Role], operation: str) -> bool:
    """Whether one of the roles may carry out the operation."""
    return not roles.isdisjoint(ROLES.get(operation, frozenset()))
