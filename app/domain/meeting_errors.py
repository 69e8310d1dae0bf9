"""What is refused of appointments, papers and notes: branches `Conflict` and `Forbidden` of `app/domain/errors.py`."""

from app.domain.errors import Conflict, Forbidden


class AppointmentInPast(Conflict):
    """A planned appointment lies ahead; of one that is past, say whether it was attended or missed."""


class AppointmentToCome(Conflict):
    """The appointment of {starts_on} is still to come: nobody has attended or missed it yet."""


class AppointmentUnknown(Conflict):
    """{field} is not an appointment of this file."""


class AppointmentMoved(Conflict):
    """This appointment was already moved."""


class AccountUnknown(Conflict):
    """{field} is not the account of anyone who works here."""


class NoCoApplicant(Conflict):
    """This request has no co-applicant."""


class PaperAlreadyAsked(Conflict):
    """This paper is already asked for and still awaited."""


class PapersMissing(Conflict):
    """Papers are missing: {papers}."""


class NothingAsked(Conflict):
    """No paper was asked for on this file yet."""


class NotTheAuthor(Forbidden):
    """Only who wrote a note strikes it out."""


class NoteStruck(Conflict):
    """This note was already struck out."""
