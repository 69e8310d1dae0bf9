"""The calendar of a contract (contrat de prêt), from the borrower's acceptance on, and what was done against it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain.national_law import LegalRegime, NationalLaw, earliest_release, withdrawal_deadline
from app.domain.products import Party

BORROWERS = (Party.BORROWER, Party.CO_BORROWER)


class LoanAnomaly(StrEnum):
    """What was reported against the law, or of money that nothing asked for: recorded, and shown."""

    PAID_BEFORE_RELEASE = "paid_before_release"
    PAID_BEFORE_SIGNATURE = "paid_before_signature"
    PAID_AFTER_CANCELLATION = "paid_after_cancellation"
    PAID_AFTER_FIRST_DUE = "paid_after_first_due"
    PAID_IN_PART = "paid_in_part"
    PAID_TO_ANOTHER_PAYEE = "paid_to_another_payee"
    REPAID_BEFORE_PAYMENT = "repaid_before_payment"
    REPAID_AFTER_CANCELLATION = "repaid_after_cancellation"
    REPAID_BEYOND_DEBT = "repaid_beyond_debt"
    REPAID_AFTER_DISCHARGE = "repaid_after_discharge"
    EARLY_REPAYMENT_TAKEN_BACK = "early_repayment_taken_back"
    RETURNED_BEFORE_REPAID = "returned_before_repaid"
    RETURN_OF_UNKNOWN_REPAYMENT = "return_of_unknown_repayment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The days of a contract. All are null until the last borrower has signed, which is the acceptance.

    `withdrawal_until` is the last day to withdraw, null where the law gives none; `earliest_release_on` the first on
    which money may leave: after the days without payment, and once those who signed so far have.
    """

    accepted_on: date | None = None
    withdrawal_until: date | None = None
    earliest_release_on: date | None = None


def calendar(
    law: NationalLaw,
    signed: Iterable[tuple[Party, date]],
    *,
    borrowers: int,
    offered_on: date,
    regime: LegalRegime | None,
) -> Calendar:
    """The calendar that follows from the signatures, for one borrower or two. Raises ImpossiblePlan past the calendar.

    A contract left out of consumer credit keeps none of its delays.
    """
    days = dict(signed)
    acceptances = [on for party, on in days.items() if party in BORROWERS]
    if len(acceptances) < borrowers:
        return Calendar()
    accepted_on = max(acceptances)
    last_signed_on = max(days.values())
    if regime is LegalRegime.EXCLUDED_SOCIAL:
        return Calendar(accepted_on=accepted_on, earliest_release_on=last_signed_on)
    release = earliest_release(law, accepted_on=accepted_on, offered_on=offered_on) or accepted_on
    return Calendar(
        accepted_on=accepted_on,
        withdrawal_until=withdrawal_deadline(law, accepted_on=accepted_on, offered_on=offered_on),
        earliest_release_on=max(release, last_signed_on),
    )


def anomalies(payments: Iterable[date], days: Calendar) -> list[LoanAnomaly]:
    """What the days of payment show against the calendar."""
    first = days.earliest_release_on
    early = first is not None and any(on < first for on in payments)
    return [LoanAnomaly.PAID_BEFORE_RELEASE] if early else []
