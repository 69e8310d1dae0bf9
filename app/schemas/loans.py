"""Loans, of the CCAS's own funds or of a partner."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.domain.contracts import LoanAnomaly
from app.domain.lenders import Payer
from app.domain.liabilities import Liable
from app.domain.loan_lifecycle import ClosingReason, LoanStatus
from app.domain.national_law import LegalRegime
from app.domain.products import Party
from app.domain.schedule_kinds import ScheduleKind
from app.schemas.base import (
    AnchorDay,
    Day,
    Id,
    InDigits,
    Input,
    Instant,
    Line,
    Output,
    PageQuery,
    Percent,
    Prose,
    Resource,
)
from app.schemas.withdrawals import LoanWithdrawalRead


class LoanCreate(Input):
    """The offer of a loan on the terms that were approved. `disbursed_on` is when payment is expected;
    `offer_valid_until` the last day to accept, by default the first that the law lets be the last.

    Instalments fall on `anchor_day`, by default that of the first one, or on the last day of a shorter month.
    """

    offered_on: Day
    first_due_on: Day
    anchor_day: AnchorDay | None = None
    disbursed_on: Day | None = None
    offer_valid_until: Day | None = None


class LoanQuery(Input):
    """The day whose state is asked, today where none is given; and as it was known at an instant, now where none is."""

    as_of: Day | None = None
    known_at: Instant | None = None


class LoanListQuery(PageQuery):
    """Filters of the list of loans."""

    request_id: Id | None = None


class ScheduleQuery(Input):
    """The version of the schedule; the last where none is given."""

    version: Annotated[int, Field(ge=1, le=10_000), InDigits] | None = None


class NextDue(Output):
    """The first instalment that is not wholly paid, and what is left of it."""

    number: int
    ref: int
    due_on: date
    amount_cents: int


class SignatureRead(Output):
    """One party's signature. `present` are the parties who were there, empty where nobody said."""

    party: Party
    signed_on: date
    support_contract_signed_on: date | None
    present: list[Party]
    place: str | None
    curator: str | None


class GuaranteeRead(Output):
    """Who covers losses, for which share of which base, up to which cap; null is not stated, or there is none."""

    guarantor: str
    share_percent: Percent | None
    base: str | None
    cap_cents: int | None


class LenderRead(Output):
    """The side of the partner that lends. Null guarantees are not stated; `not_stated` names what the rules leave open.

    `gap_cents` is what the lender last told to be owed, less what our copy of its statements says on that day.
    `accelerated_on` is the day since which it has called the whole due, null once other rows ended that; `lost_*` what
    it counts as lost, as it told it.
    """

    partner: str
    handoff_id: UUID
    offer_number: str
    offer_valid_until: date | None
    contract_sha256: str | None
    interest_borne_by: Payer | None
    guarantees: list[GuaranteeRead] | None
    not_stated: list[str]
    position_on: date | None
    reported_outstanding_cents: int | None
    gap_cents: int | None
    accelerated_on: date | None
    lost_principal_cents: int
    lost_interest_cents: int
    unpaid_instalments: list[int]


class LoanRead(Resource):
    """A loan as it stood at the end of `as_of`, from what was entered by `known_at`. What is owed and due is the
    borrower's share.

    `outstanding_cents` is what the books hold; `legally_due_cents` adds what was admitted en non-valeur and is still
    due. `position_on` is the day up to which the collector has told what was paid: what falls due later is not late.

    `accepted_on` is the day of the last borrower's signature: `withdrawal_until` is then the last day to withdraw
    (rétractation), null where the law gives none, and `earliest_release_on` the first on which money may leave.

    `lender` is null where the CCAS lends. A partner's loan is late as far as its statements tell. `former_reference` is
    the number of a loan that was taken over from spreadsheets.
    """

    id: UUID
    reference: str
    request_id: UUID
    decision_id: UUID
    as_of: date
    known_at: datetime | None
    status: LoanStatus
    suspended: bool
    liable: list[Liable]
    closing_reasons: list[ClosingReason]
    principal_cents: int
    rate_percent: Percent
    disbursed_cents: int
    outstanding_cents: int
    legally_due_cents: int
    overdue_cents: int
    repaid_cents: int
    credit_cents: int
    supported_cents: int
    written_off_cents: int
    discharged_cents: int
    remitted_cents: int
    recovered_cents: int
    position_on: date | None
    next_due: NextDue | None
    schedule_version: int
    duration_months: int
    offered_on: date
    offer_valid_until: date | None
    legal_regime: LegalRegime | None
    expected_disbursed_on: date | None
    signatures: list[SignatureRead]
    awaiting_signature_of: list[Party]
    accepted_on: date | None
    withdrawal_until: date | None
    earliest_release_on: date | None
    withdrawal: LoanWithdrawalRead | None
    anomalies: list[LoanAnomaly]
    lender: LenderRead | None
    former_reference: str | None
    entered_at: datetime

    def etag(self) -> str:
        """The state of another day, or as known at another instant, is another representation."""
        known = f"-{self.known_at.timestamp()}" if self.known_at else ""
        return f'"{self.version}-{self.as_of}{known}"'


class LoanItem(Output):
    """A loan as lists show it: its contract, without the balances of a day."""

    id: UUID
    version: int
    reference: str
    request_id: UUID
    principal_cents: int
    offered_on: date
    partner: str | None
    entered_at: datetime


class InterestShareRead(Output):
    """What a third party pays of the interest of an instalment."""

    payer: str
    cents: int


class ScheduleRowRead(Output):
    """One instalment; `balance_cents` is what is left after it. The borrower and the third parties pay the total."""

    number: int
    due_on: date
    principal_cents: int
    interest_cents: int
    total_cents: int
    borrower_cents: int
    third_parties: list[InterestShareRead]
    balance_cents: int


class InstalmentRead(ScheduleRowRead):
    """An instalment of a loan; `ref` is its number within it for good, which the accountant's files carry."""

    ref: int


class ScheduleTotals(Output):
    """The sums of a schedule."""

    principal_cents: int
    interest_cents: int
    paid_by_borrower_cents: int
    interest_subsidy_cents: int


class DifferenceRead(Output):
    """A figure of the lender's row that is not the one computed from its own terms."""

    number: int
    field: str
    lender_cents: int
    computed_cents: int


class ScheduleRead(Resource):
    """One version of the repayment schedule. A lender's rows hold; `differences` shows where ours would differ.

    `differences` is null where the lender's terms give no schedule, and empty for the CCAS's own.
    """

    loan_id: UUID
    kind: ScheduleKind
    in_force: bool
    rows: list[InstalmentRead]
    totals: ScheduleTotals
    differences: list[DifferenceRead] | None


class SignatureCreate(Input):
    """A party signs the contract; a borrower with it, where there is one, the support contract.

    `present` are the parties who were there, `curator` who signs beside a borrower under curatorship.
    """

    party: Party
    signed_on: Day
    support_contract_signed_on: Day | None = None
    present: Annotated[list[Party], Field(max_length=4)] = []
    place: Line | None = None
    curator: Line | None = None


class CancellationCreate(Input):
    """The loan is given up before it is paid out."""

    cancelled_on: Day
    reason: Prose
