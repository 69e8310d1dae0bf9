"""What is refused of changes of a schedule that runs: the branch `Conflict` of `app/domain/errors.py`."""

from app.domain.errors import Conflict


class ScheduleReplaced(Conflict):
    """The schedule has changed since: version {version} is in force, look at it first."""


class NotInSchedule(Conflict):
    """The schedule in force, version {version}, has no such instalment: see {field}."""


class InstalmentPaid(Conflict):
    """Instalment {number}, due on {due_on}, is wholly paid or no longer asked for: it is not put off."""


class NothingBeyondDue(Conflict):
    """This payment does not exceed what was due on {on}: nothing of it comes early."""


class RepaymentTakenBack(Conflict):
    """This repayment was taken back."""


class RepaymentAlreadyUsed(Conflict):
    """This repayment has already changed the schedule: see version {version}."""


class EarlyRepaymentLost(Conflict):
    """The schedule in force counts an early repayment that was taken back since: cancel that change first."""


class NoScheduleChange(Conflict):
    """The schedule of the contract is in force: there is no change to cancel."""


class NotLastChange(Conflict):
    """Only the last change can be cancelled: cancel version {version} first."""


class ChangeAlreadyCancelled(Conflict):
    """The change that made version {version} was already cancelled."""


class NotAgreedInSession(Conflict):
    """In this session the committee has not agreed to this change of this loan."""


class NotCancelledHere(Conflict):
    """The schedule of a plan or a withdrawal is not cancelled: a plan ends by its lapse, a withdrawal stands."""


class PartNotPaidOut(Conflict):
    """Of this loan {left_cents} cents were not paid out: they are paid out or given up before its schedule changes."""
