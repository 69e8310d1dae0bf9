"""What each kind of handoff may tell: an allow list of JSON pointers, each with what the lender needs it for.

`*` stands for every place of a list. What is not here does not leave. The lender reads beside it the envelope: its
own CCAS, the kind, the state, the hash, and, where a person is concerned, who supports that person.

Kept out of every kind: free texts of agents (budget labels, the description of the project, notes, reasons), which may
tell of health or family; prescriber, channel, situations, family situation, housing, nationality; what was asked for
and when, since the lender lends what was endorsed; and everything of the FICP.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from app.domain.handoff_lifecycle import HandoffKind

Json = Mapping[str, Any]

_KIND = {"/kind": "what the text is, wherever it is kept as proof"}
_FILE = {"/request_reference": "the number under which the CCAS and the lender speak of the file, without a name"}
# The lender's key to the FICP is made of the birth name and date, never of the name in use; homonyms are told apart by
# first names, full date and place of birth.
_IDENTITY = {
    "birth_name": "the key of the check",
    "birth_on": "the key of the check, and homonyms",
    "first_names": "homonyms",
    "birth_place": "homonyms; null where it was not told",
}
_BORROWER = _IDENTITY | {
    "usage_name": "the name on the contract",
    "commune_insee_code": "where the borrower lives, for the lender's scope and branch",
    "phone": "the lender answers the person directly; null where it is no safe way to reach them",
    "email": "the lender answers the person directly; null where it is no safe way to reach them",
}
_BORROWERS = ("applicant", "co_applicant")


def _of_borrowers(names: Mapping[str, str]) -> dict[str, str]:
    return {f"/{borrower}/{name}": purpose for borrower in _BORROWERS for name, purpose in names.items()}


FIELDS: Mapping[HandoffKind, Mapping[str, str]] = {
    HandoffKind.PRECHECK: _KIND | _FILE | _of_borrowers(_IDENTITY),
    HandoffKind.LOAN_FILE: _KIND
    | _FILE
    | _of_borrowers(_BORROWER)
    | {
        "/support_person": "who supports the borrower during the loan: no loan of this kind without one",
        "/project/purpose": "what the loan is for: a code of the list, no words of the person's",
        "/project/project_cost_cents": "that the project is wholly paid for",
        "/household/adults": "what the household needs to live on",
        "/household/minor_children": "what the household needs to live on",
        "/budget/*/side": "whether the borrower can repay (solvabilité)",
        "/budget/*/kind": "whether the borrower can repay: a code of the list, no words of an agent's",
        "/budget/*/amount_cents": "whether the borrower can repay",
        "/financing_plan/*/kind": "that the project is wholly paid for",
        "/financing_plan/*/amount_cents": "that the project is wholly paid for",
        "/endorsement/decided_on": "since when the CCAS stands by the file",
        "/endorsement/amount_cents": "the loan to offer",
        "/endorsement/duration_months": "the loan to offer",
    },
    # Of a loan of the lender's own: its offer number says whose, and no name travels again.
    HandoffKind.GUARANTEE_CLAIM: _KIND
    | {
        "/offer_number": "which of the lender's loans",
        "/loss_reference": "the lender's own letter that told the loss",
        "/guarantor": "who is called",
        "/lost_on": "the loss as the lender told it",
        "/principal_cents": "the loss as the lender told it",
        "/interest_cents": "the loss as the lender told it",
        "/share_percent": "the terms of the guarantee, to check what is claimed",
        "/base": "the terms of the guarantee, to check what is claimed",
        "/cap_cents": "the terms of the guarantee, to check what is claimed",
        "/cap_of": "the terms of the guarantee, to check what is claimed",
        "/claimed_cents": "what is claimed",
    },
    HandoffKind.INTEREST_STATEMENT: _KIND
    | {
        "/statement_reference": "the number to pay and answer under",
        "/payer": "who pays the interest",
        "/year": "the month that is billed",
        "/month": "the month that is billed",
        "/lines/*/offer_number": "which of the lender's loans",
        "/lines/*/instalment_ref": "which instalment",
        "/lines/*/due_on": "which instalment",
        "/lines/*/cents": "what the payer bears of it",
        "/lines/*/correction": "whether it corrects an earlier statement",
        "/total_cents": "what the payer owes",
    },
}


class NotToTell(AssertionError):
    """A payload with something that its kind does not list, or that has no exact text: a fault of the program."""


def leaves(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf of a JSON value with its pointer, `*` for the places of lists; an empty part is a leaf.

    Raises NotToTell for a leaf that is neither text, whole number, boolean nor null: RFC 8785 writes fractions in a
    way of its own.
    """
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from leaves(inner, f"{at}/{name}")
    elif isinstance(value, list) and value:
        for inner in value:
            yield from leaves(inner, f"{at}/*")
    elif value is None or isinstance(value, str | int | dict | list):
        yield at, value
    else:
        raise NotToTell(f"{at}: {type(value).__name__}")


def check(kind: HandoffKind, payload: Json) -> None:
    """Raises NotToTell, with the pointers and never the values, where the payload tells more than its kind may.

    A part that is null or empty (no co-applicant, no budget line) tells nothing.
    """
    listed = FIELDS[kind]
    parts = {pointer[:place] for pointer in listed for place, sign in enumerate(pointer) if sign == "/"}
    stray = {
        pointer
        for pointer, leaf in leaves(payload)
        if pointer not in listed and not (pointer in parts and leaf in (None, [], {}))
    }
    if stray:
        raise NotToTell(f"{kind.value}: {', '.join(sorted(stray))}")
