"""The agenda and the minutes of a session as their templates take them, from what the session says of itself.

They name the members and no one else: a file goes by its reference.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from app.domain.committees import ItemKind
from app.domain.dates import in_words
from app.domain.money import euros
from app.parameters.codes import label
from app.services.letterheads import Data

Said = Mapping[str, Any]


def agenda(session: Said, *, committee: str, items: Sequence[Said], money: Sequence[Said] | None) -> Data:
    """The agenda (ordre du jour). `session` has `held_on`, `convened_on` and `place`; an item `position`, `kind`,
    `request_reference`, `purpose`, `requested_amount_cents` and `review_reason`; an envelope `kind` and `before_cents`.
    Days as YYYY-MM-DD.
    """
    return {
        "committee": committee,
        **_sitting(session),
        "items": [_named(item) for item in items],
        "money": [[one["kind"], euros(one["before_cents"])] for one in money or ()],
    }


def minutes(content: Said) -> Data:
    """The minutes (procès-verbal), of the content that was frozen when they were closed."""
    session = content["session"]
    return {
        "committee": content["committee"]["name"],
        **_sitting(session),
        "number": session["reference"],
        "chaired_by": session["chaired_by"],
        "members": [[one["name"], one["capacity"], one["status"]] for one in content["members"]],
        "quorum": content["quorum"],
        "items": [_settled(item) for item in content["items"]],
        "money": [
            [one["kind"], euros(one["before_cents"]), euros(one["left_cents"])] for one in content["money"] or ()
        ],
    }


def _sitting(session: Said) -> Data:
    return {
        "held_on": in_words(date.fromisoformat(session["held_on"])),
        "convened_on": in_words(date.fromisoformat(session["convened_on"])) if session["convened_on"] else None,
        "place": session["place"],
    }


def _named(item: Said) -> Data:
    return {
        "position": item["position"],
        "file": item["request_reference"],
        "kind": item["kind"],
        "purpose": label("purposes", item["purpose"], "fr"),
        "asked": None if item["kind"] == ItemKind.LOAN_REVIEW else euros(item["requested_amount_cents"]),
        "review_reason": item["review_reason"],
        "outcome": item["outcome"],
    }


def _settled(item: Said) -> Data:
    decision, votes = item["decision"], item["votes"]
    return {
        **_named(item),
        "decision": _decision(decision) if decision else None,
        "months": item["outcome_months"],
        "reason": item["outcome_reason"] or item["withdrawn_reason"],
        "withdrawn": item["withdrawn_on"] is not None,
        "recused": [one["name"] for one in item["recusals"]],
        "votes": votes
        and {
            **{name: votes[name] for name in ("in_favour", "against", "abstentions")},
            "ballots": [[one["name"], one["vote"]] for one in votes["ballots"] or ()],
        },
    }


def _decision(decision: Said) -> Data:
    amount, instalment, reason = decision["loan_amount_cents"], decision["instalment_cents"], decision["reason_code"]
    return {
        "outcome": decision["outcome"],
        "loan": euros(amount) if amount else None,
        "duration_months": decision["duration_months"],
        "instalment": euros(instalment) if instalment else None,
        "grant": euros(decision["grant_cents"]) if decision["grant_cents"] else None,
        "reason": label("reasons", reason, "fr") if reason else None,
        "missing": [*decision["missing"], *(label("papers", code, "fr") for code in decision["missing_papers"])],
        "next_on": in_words(date.fromisoformat(decision["next_on"])) if decision["next_on"] else None,
        "conditions": decision["conditions"],
    }
