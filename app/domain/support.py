"""Support during a loan (accompagnement): in which form it is agreed, until when it runs.

What the person commits to is moral: « un engagement plutôt moral qui n'a aucune conséquence sur le prêt » (CCAS de
Besançon, note de restitution finale). Nothing here reads or changes what is owed.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain.dates import months_after
from app.domain.products import Commitment
from app.domain.support_errors import SupportBeyondLoan, SupportTooShort, WrittenSupportAsked


class SupportForm(StrEnum):
    """How support was agreed: by a contract that is signed (contrat d'accompagnement), or by word of mouth."""

    WRITTEN = "written"
    ORAL = "oral"


class SupportStatus(StrEnum):
    """Where support stands on a day."""

    RUNNING = "running"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportFrame:
    """What bounds support, whatever is agreed.

    Of the loan: `loan_ends_on`, the last due date of the schedule in force, or the day on which the loan was given up.
    Of the rules of its decision: the form, and a duration in months or the whole loan; null is not stated.
    """

    loan_ends_on: date
    form: Commitment | None
    months: int | None
    for_whole_loan: bool | None

    def asked_until(self, agreed_on: date) -> date | None:
        """Until when the rules ask that support last; null where they do not say."""
        if self.for_whole_loan:
            return self.loan_ends_on
        return None if self.months is None else min(self.loan_ends_on, months_after(agreed_on, self.months))

    def ends_on(self, agreed_on: date, *, agreed_ends_on: date | None, ended_on: date | None) -> date:
        """The last day of support: that of the loan, unless less was agreed, or support was ended before."""
        asked = self.asked_until(agreed_on)
        terms = [day for day in (agreed_ends_on, asked) if day is not None]
        return min(day for day in (self.loan_ends_on, max(terms, default=None), ended_on) if day is not None)

    def check(self, form: SupportForm, agreed_on: date, *, agreed_ends_on: date | None) -> None:
        """Raises WrittenSupportAsked, SupportBeyondLoan, SupportTooShort."""
        if self.form is Commitment.WRITTEN and form is SupportForm.ORAL:
            raise WrittenSupportAsked
        for field, day in (("agreed_on", agreed_on), ("agreed_ends_on", agreed_ends_on)):
            if day is not None and day > self.loan_ends_on:
                raise SupportBeyondLoan(field=field, loan_ends_on=self.loan_ends_on.isoformat())
        asked = self.asked_until(agreed_on)
        if agreed_ends_on is not None and asked is not None and agreed_ends_on < asked:
            raise SupportTooShort(asked_until=asked.isoformat())


def status(ends_on: date, *, on: date) -> SupportStatus:
    """The last day is still one of support."""
    return SupportStatus.ENDED if on > ends_on else SupportStatus.RUNNING
