"""What is refused of committees and their sessions: branches `Conflict` and `Forbidden` of `app/domain/errors.py`."""

from app.domain.errors import Conflict, Forbidden


class ChairTaken(Conflict):
    """Somebody else chairs this committee on one of these days."""


class TermEnded(Conflict):
    """This term of office has already ended."""


class NotInOffice(Conflict):
    """{field} is not a member in office on {held_on}."""


class CannotChair(Conflict):
    """Who chairs a session is a present member with a vote."""


class ChairMissing(Conflict):
    """The chair is not noted as present: name the member who chairs in their absence."""


class ChairPresent(Conflict):
    """The chair is present: nobody else chairs the session."""


class NotTheChair(Forbidden):
    """Only who chairs the session closes its minutes."""


class NoQuorum(Conflict):
    """The quorum is not reached: {present} members with a vote are present, {needed} are needed."""


class SessionNotOpen(Conflict):
    """The session is not open: it is {state}."""


class SessionOver(Conflict):
    """Nothing more is added to this session: it is {state}."""


class NotSessionDay(Conflict):
    """What a session decides is of its day, {held_on}."""


class FileNotReady(Conflict):
    """The file is not ready for the committee: it is {state}."""


class LoanNotRunning(Conflict):
    """The loan is not paid out or is given up: there is nothing to re-examine."""


class AlreadyOnAgenda(Conflict):
    """This is already on the agenda of a session that is not closed."""


class NotOnAgenda(Conflict):
    """This is not, or no longer, on the agenda of the session."""


class ItemSettled(Conflict):
    """This item of the agenda already has its outcome, or was withdrawn."""


class NotALoanReview(Conflict):
    """This item is not a loan to re-examine: its outcome is a decision or a ratification."""


class AlreadyRecused(Conflict):
    """This member already leaves this file."""


class InstructedByMember(Conflict):
    """Members with a vote instructed this file ({members}): record first that they leave it (recusals)."""


class VotesRecorded(Conflict):
    """The votes on this item are already recorded: a member leaves before them."""


class VotesNotKept(Conflict):
    """The rules do not ask for votes to be kept: the outcome is that of the committee."""


class VotesKeptOtherwise(Conflict):
    """The rules ask for votes kept otherwise: {votes}."""


class VotesBeyondMembers(Conflict):
    """More votes were cast, {cast}, than there are members who may vote on this item, {may_vote}."""


class BallotsDiffer(Conflict):
    """The vote by name has one line for each member who may vote on this item: {member_ids}."""


class ItemsLeft(Conflict):
    """These items of the agenda have no outcome yet: {positions}. Decide them, or withdraw them."""


class SessionRequired(Conflict):
    """The rules have everything decided in a session: name it (session_id)."""
