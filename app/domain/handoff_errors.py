"""What is refused of a handoff by its kind, its choice of a lender, its content: a branch of `Conflict`."""

from app.domain.errors import Conflict


class NotAFile(Conflict):
    """What was handed over is no file to lend on: it takes neither a check nor an offer."""


class ChannelNotAgreed(Conflict):
    """The agreement with {partner_name} has no handoff by {channel}; it has them by: {channels}."""


class ChoiceReasonMissing(Conflict):
    """The file was endorsed to {endorsed_to}: choice_reason says why it goes to {partner_name}."""


class AnswerDiffers(Conflict):
    """The lender already gave this answer, of {decided_on}, with another decided_on or another reference."""


class PayloadUnchanged(Conflict):
    """Nothing of what was handed over has changed since: there is nothing to send again."""
