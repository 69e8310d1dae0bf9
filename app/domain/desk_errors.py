"""What is refused at the desk that communes share: who sees which file, who holds it. A branch of `Conflict`."""

from app.domain.errors import Conflict, Forbidden


class CommuneOutOfReach(Conflict):
    """You do not work for the commune of this file, or of what you would make of it."""


class SameCommune(Conflict):
    """The file is already of the commune {insee_code}."""


class CommuneOfTransfer(Conflict):
    """The file was transferred: another transfer alone changes its commune."""


class NotTheReferent(Forbidden):
    """The instructing agent of the file, or a manager, gives it to another."""


class CannotInstruct(Conflict):
    """This account is not that of an active agent who works for the commune {insee_code}: name one."""


class AlreadyInstructing(Conflict):
    """This agent already instructs the file."""
