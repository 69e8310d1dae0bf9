"""What guarantors are exposed to."""

from datetime import date

from app.domain.lenders import CapOf, GuaranteeBase
from app.schemas.base import Day, Input, Output, Percent


class GuaranteeQuery(Input):
    """The day whose state is asked; today where none is given."""

    as_of: Day | None = None


class GuaranteeExposureRead(Output):
    """A guarantor of a partner's loans, under one set of terms, at the end of `as_of`, in cents.

    `exposure_cents` is what it would be called for if all that is owed were lost: its share of the base, under its
    caps. What the rules do not state is in `not_stated`, and then the exposure is null; a null guarantor: the rules do
    not say whether there is any. `room_cents` is what is left under the cap of a portfolio.
    """

    as_of: date
    guarantor: str | None
    partner: str
    product: str
    share_percent: Percent | None
    base: GuaranteeBase | None
    cap_cents: int | None
    cap_of: CapOf | None
    not_stated: list[str]
    loans: int
    outstanding_cents: int
    exposure_cents: int | None
    called_cents: int
    paid_cents: int
    recovered_cents: int
    room_cents: int | None


class GuaranteeList(Output):
    """All guarantors of the loans of partners."""

    items: list[GuaranteeExposureRead]
    next_cursor: str | None
