"""What a handoff may tell: an allow list that nothing gets past, and no place of it that is not explained."""

from typing import Any

import pytest

from app.domain.handoff_fields import FIELDS, NotToTell, check
from app.domain.handoff_lifecycle import HandoffKind

PRECHECK: dict[str, Any] = {
    "kind": "precheck",
    "request_reference": "2018-0001",
    "applicant": {"first_names": "Zoé", "birth_name": "Exemple", "birth_on": "1988-03-02", "birth_place": None},
    "co_applicant": None,
}
STATEMENT: dict[str, Any] = {"kind": "interest_statement", "lines": [{"cents": 760, "correction": False}]}


def test_what_is_listed_may_be_told_and_a_part_that_is_not_there_tells_nothing() -> None:
    check(HandoffKind.PRECHECK, PRECHECK)
    check(HandoffKind.INTEREST_STATEMENT, STATEMENT)
    check(HandoffKind.INTEREST_STATEMENT, {"lines": []})


@pytest.mark.parametrize(
    ("kind", "payload", "pointer"),
    [
        (HandoffKind.PRECHECK, {**PRECHECK, "phone": None}, "/phone"),
        (HandoffKind.PRECHECK, {**PRECHECK, "applicant": {"usage_name": "Dupont"}}, "/applicant/usage_name"),
        (HandoffKind.PRECHECK, {**PRECHECK, "applicant": "Zoé Exemple"}, "/applicant"),
        (HandoffKind.PRECHECK, {**PRECHECK, "applicant": [{"birth_name": "x"}]}, "/applicant/*/birth_name"),
        (HandoffKind.PRECHECK, {**PRECHECK, "co_applicant": 0}, "/co_applicant"),
        (HandoffKind.LOAN_FILE, {"budget": [{"label": "Pension de M. Untel"}]}, "/budget/*/label"),
        (HandoffKind.LOAN_FILE, {"budget": {"label": "x"}}, "/budget/label"),
        (HandoffKind.GUARANTEE_CLAIM, {"applicant": {"birth_name": "Exemple"}}, "/applicant/birth_name"),
        (HandoffKind.INTEREST_STATEMENT, {"lines": [{"cents": 1}, {"name": "x"}]}, "/lines/*/name"),
    ],
)
def test_what_is_not_listed_is_refused_by_its_pointer_without_its_value(
    kind: HandoffKind, payload: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(NotToTell) as refused:
        check(kind, payload)
    assert str(refused.value) == f"{kind.value}: {pointer}"


def test_a_fraction_has_no_exact_text() -> None:
    with pytest.raises(NotToTell, match="/total_cents: float"):
        check(HandoffKind.INTEREST_STATEMENT, {"total_cents": 7.6})


def test_every_kind_is_listed_and_every_place_has_its_purpose() -> None:
    assert set(FIELDS) == set(HandoffKind)
    for listed in FIELDS.values():
        assert listed["/kind"]
        assert all(pointer.startswith("/") and purpose.strip() for pointer, purpose in listed.items())


def test_before_the_first_appointment_nothing_is_told_but_an_identity() -> None:
    names = {pointer.split("/")[-1] for pointer in FIELDS[HandoffKind.PRECHECK]}
    assert names == {"kind", "request_reference", "birth_name", "birth_on", "first_names", "birth_place"}


@pytest.mark.parametrize("kind", [HandoffKind.GUARANTEE_CLAIM, HandoffKind.INTEREST_STATEMENT])
def test_what_follows_from_a_loan_names_nobody(kind: HandoffKind) -> None:
    personal = {"applicant", "co_applicant", "birth_name", "first_names", "birth_on", "request_reference"}
    assert not personal & {name for pointer in FIELDS[kind] for name in pointer.split("/")}


def test_no_free_text_of_an_agent_is_listed() -> None:
    told = {name for listed in FIELDS.values() for pointer in listed for name in pointer.split("/")}
    assert not told & {"label", "project_description", "note", "reason", "prescriber", "channel", "situations", "fund"}
