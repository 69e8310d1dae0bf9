"""Who may do what: whatever the table does not name is denied."""

from itertools import chain, combinations

import pytest

from app.domain.permissions import ROLES, Role, allows

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


def test_a_manager_only_reads() -> None:
    allowed = {operation for operation in ROLES if allows(frozenset({Role.MANAGER}), operation)}
    verbs = {operation.partition("_")[2] for operation in allowed}
    assert verbs == {
        "me", "list", "read", "actions", "read_budget", "read_financing_plan", "schedule", "ledger",
    }  # fmt: skip
