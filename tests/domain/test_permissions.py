"""Who may do what: whatever the table does not name is denied."""

from itertools import chain, combinations

import pytest

from app.domain.operation_roles import ROLES, allows
from app.domain.permissions import STAFF_ROLES, Role

SETS = [frozenset(some) for some in chain.from_iterable(combinations(Role, size) for size in range(len(Role) + 1))]


@pytest.mark.parametrize("roles", SETS, ids=lambda roles: "+".join(sorted(roles)) or "none")
def test_an_operation_that_the_table_does_not_name_is_denied_to_everyone(roles: frozenset[Role]) -> None:
    assert not allows(roles, "loans_forget")


@pytest.mark.parametrize("operation", ROLES)
def test_someone_without_a_role_may_do_nothing(operation: str) -> None:
    assert not allows(frozenset(), operation)


@pytest.mark.parametrize("operation", ROLES)
def test_roles_add_up_and_none_takes_another_away(operation: str) -> None:
    for roles in SETS:
        assert allows(roles, operation) == any(allows(frozenset({role}), operation) for role in roles)


def test_the_platform_may_only_ask_who_it_is() -> None:
    assert [operation for operation in ROLES if allows(frozenset({Role.PLATFORM}), operation)] == ["auth_me"]


def test_nobody_both_instructs_and_decides_by_one_role() -> None:
    for role in Role:
        alone = frozenset({role})
        assert not (allows(alone, "decisions_create") and allows(alone, "requests_submit"))


def test_a_manager_writes_rules_the_work_of_the_staff_and_notes_and_no_file() -> None:
    writes = {"create", "update", "withdraw", "submit", "decide", "close", "replace", "push", "sign", "disburse"}
    allowed = {operation for operation in ROLES if allows(frozenset({Role.MANAGER}), operation)}
    assert {one for one in allowed if one.rpartition("_")[2] in writes} == {
        "rule_adoptions_create", "rule_adoptions_withdraw", "rule_impacts_create", "transfers_create",
        "assignments_create", "working_times_create", "workload_thresholds_create", "notes_create",
        "committees_create", "committees_update", "committee_members_create", "sessions_create", "recusals_create",
        "session_attendances_create", "agenda_items_create", "agenda_items_withdraw", "votes_create",
        "envelopes_create", "logos_create", "accounting_slips_create", "positions_create",
        "schedule_previews_create", "borne_interest_statements_create",
    }  # fmt: skip


def test_the_desk_answers_the_phone_and_opens_no_whole_file() -> None:
    allowed = {operation for operation in ROLES if allows(frozenset({Role.DESK}), operation)}
    assert {"people_list", "requests_list", "contacts_create", "contacts_become_request"} <= allowed
    files = ("plans_", "attestations_", "decisions_", "loans_", "repayments_", "handoffs_", "ficp_", "authorisations_")
    assert [operation for operation in allowed if operation.startswith(files)] == []
    assert allowed.isdisjoint({"requests_read", "requests_create", "requests_update", "people_create"})


def test_a_partner_does_what_is_its_own_and_nothing_that_staff_do() -> None:
    """Written out again: whoever adds a line here has thought about what a bank's machine may reach."""
    allowed = {operation for operation in ROLES if allows(frozenset({Role.PARTNER}), operation)}
    assert allowed == {
        "auth_me",
        "inbox_list",
        "inbox_read",
        "inbox_acknowledge",
        "inbox_answer",
        "ficp_checks_push",
        "offers_create",
        "offers_disburse",
        "statements_create",
        "partner_events_list",
        *(f"webhooks_{action}" for action in ("create", "list", "read", "rotate", "disable", "enable")),
        *("deliveries_list", "deliveries_replay", "deliveries_replay_dead"),
        *(
            f"{of}_{action}"
            for of in ("partner_credentials", "signing_keys")
            for action in ("list", "create", "revoke")
        ),
        *(f"lender_reports_{action}" for action in ("reschedule", "accelerate", "lose", "call", "recover", "reverse")),
        *("statement_files_create", "lender_loans_list", "lender_loans_read"),
    }


def test_nobody_but_a_partner_does_what_a_partner_does() -> None:
    everyone_else = frozenset(Role) - {Role.PARTNER}
    of_partners = {operation for operation in ROLES if allows(frozenset({Role.PARTNER}), operation)} - {"auth_me"}
    assert [operation for operation in of_partners if allows(everyone_else, operation)] == []


def test_a_ccas_gives_its_staff_neither_the_role_of_the_platform_nor_that_of_a_partner() -> None:
    assert frozenset(Role) - {Role.PLATFORM, Role.PARTNER} == STAFF_ROLES


def test_an_agent_hands_files_over_and_never_answers_for_the_lender() -> None:
    agent = frozenset({Role.AGENT})
    assert all(allows(agent, operation) for operation in ("handoffs_create", "handoffs_withdraw", "handoffs_complete"))
    assert not any(allows(frozenset({role}), "handoffs_create") for role in Role if role is not Role.AGENT)
