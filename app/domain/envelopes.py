"""The two envelopes of a year (enveloppes annuelles): what the CCAS may lend of its own funds, and what it may give."""

from enum import StrEnum

from app.domain.loan_lifecycle import LoanStage
from app.domain.request_lifecycle import RequestStatus


class EnvelopeKind(StrEnum):
    """Loans of the CCAS's own funds, or grants; a partner's loan is of neither."""

    LOANS = "loans"
    GRANTS = "grants"


S = RequestStatus

# While a file stands so, its last decision holds the money that it gave: it is freed where the file ends without it,
# or goes back to the commission.
HOLDING = frozenset(
    {
        S.APPROVED_PROVISIONAL,
        S.APPROVED,
        S.CONTRACTED,
        S.GRANT_ONLY,
        S.ENDORSED,
        S.SENT_TO_LENDER,
        S.LENDER_ACCEPTED,
    }
)

# From here on the money of a loan has left.
PAID_OUT = frozenset({LoanStage.DISBURSED, LoanStage.LITIGATION})
