"""What is about to be given, and to whom: the facts that rules are applied to."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from app.domain.amortization import RemainderOn, Rounding
from app.domain.products import Attested

ADULT_YEARS = 18  # articles 414 and 1146 of the Code civil


class Capacity(StrEnum):
    """Whether the person may contract (Code civil, articles 413-6, 414, 425 and following, 494-1)."""

    FULL = "full"
    MINOR = "minor"
    EMANCIPATED = "emancipated"
    CURATORSHIP = "curatorship"
    GUARDIANSHIP = "guardianship"
    FAMILY_AUTHORISATION = "family_authorisation"


# Who borrows only with the authorisation of the judge or of the family council (Code civil, articles 494-6 and 505).
NEEDS_AUTHORISATION = frozenset({Capacity.GUARDIANSHIP, Capacity.FAMILY_AUTHORISATION})


@dataclass(frozen=True, slots=True, kw_only=True)
class Aid:
    """The facts; amounts in cents, of a month where they are of the household's budget.

    The terms of the loan are null where none is given. `applicant_age` in whole years on the day `on`. What is null is
    not known: in a simulation it is not tested; where `is_complete`, what must be attested or shown and is not is a
    breach. `left_to_live_cents` is before the loan. `attested` tells what was attested, and whether it holds;
    `documents` are the codes of the papers that were seen or waived, null where none was asked for. Without a
    co-applicant, the age and capacity of one are null.
    """

    lives_in_served_commune: bool
    purpose: str | None = None
    applicant_age: int | None = None
    minor_children: int | None = None
    loan_amount_cents: int | None = None
    duration_months: int | None = None
    instalment_cents: int | None = None
    rounding_unit_cents: int | None = None
    rounding: Rounding | None = None
    remainder_on: RemainderOn | None = None
    grant_cents: int = 0
    on: date | None = None
    lender: str | None = None
    exceptional_reason: str | None = None
    capacity: Capacity | None = None
    co_applicant_age: int | None = None
    co_applicant_capacity: Capacity | None = None
    adults: int | None = None
    commune_insee_code: str | None = None
    resident_since_on: date | None = None
    resources_cents: int | None = None
    left_to_live_cents: int | None = None
    debt_instalments_cents: int | None = None
    assessed_capacity_cents: int | None = None
    running_loans: int | None = None
    last_loan_ended_on: date | None = None
    attested: Mapping[Attested, bool] = field(default_factory=dict)
    documents: frozenset[str] | None = None
    is_complete: bool = False

    def facts(self) -> dict[str, Any]:
        """What is known, as JSON values, to be stored with the decision; read back, it is evaluated the same."""
        plain = asdict(self)
        plain["documents"] = None if self.documents is None else sorted(self.documents)
        return {
            name: fact.isoformat() if isinstance(fact, date) else fact
            for name, fact in plain.items()
            if fact is not None and (fact is not False or name == "lives_in_served_commune") and fact != {}
        }


def age_on(birth_on: date, on: date) -> int:
    """Whole years lived on a day; born on 29 February, one ages on 1 March of other years."""
    return on.year - birth_on.year - ((on.month, on.day) < (birth_on.month, birth_on.day))
