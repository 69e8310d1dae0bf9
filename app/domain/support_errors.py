"""What is refused of support and workshops: the branch `Conflict` of `app/domain/errors.py`."""

from app.domain.errors import Conflict


class WrittenSupportAsked(Conflict):
    """The rules ask for a support contract in writing."""


class SupportTooShort(Conflict):
    """The rules ask that support last until {asked_until}."""


class SupportBeyondLoan(Conflict):
    """Support ends with the loan, on {loan_ends_on}: {field} lies after it."""


class SupportAlreadyAgreed(Conflict):
    """Support is already agreed until {ends_on}: it is ended before another is agreed."""


class SupportEnded(Conflict):
    """This support ended on {ends_on}."""


class LoanNotSigned(Conflict):
    """The support contract is signed together with the loan: the borrower's signature is entered first."""


class NotAWorkshopOrganisation(Conflict):
    """The directory does not say that this organisation holds workshops."""


class ParticipantUnknown(Conflict):
    """Nobody is known under the identifier given as {field}."""


class AlreadyInWorkshop(Conflict):
    """This is already what is known of this person at this workshop."""


class AttendanceKnown(Conflict):
    """Who came to this workshop is already known: it is no longer to come."""


class WorkshopToCome(Conflict):
    """The workshop is held on {held_on}: nobody has attended or missed it yet."""


class WorkshopFull(Conflict):
    """The workshop has {seats} seats, and all are taken."""


class SeatsTaken(Conflict):
    """{taken} seats of this workshop are already taken."""
