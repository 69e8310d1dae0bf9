"""What is refused where a partner lends: the branch `Conflict` of `app/domain/errors.py`."""

from app.domain.errors import Conflict


class PartnerLends(Conflict):
    """A partner lends here: the loan and its money come from its offer and its statements, not from the CCAS."""


class NoLender(Conflict):
    """This CCAS lends its own money: no partner lends, and nothing is handed over."""


class UnknownPartner(Conflict):
    """No partner is called "{partner}"."""


class NoAgreement(Conflict):
    """No agreement with {partner_name} is in force on {on}."""


class HandoffNotAgreed(Conflict):
    """The agreement with {partner_name} says of no handoff of this kind: {kind}."""


class PrecheckNotAsked(Conflict):
    """The rules do not ask for the lender's check before the first appointment."""


class AuthorisationMissing(Conflict):
    """{party} has not authorised that the {kind} be handed to {recipient_name} on {on}."""


class AuthorisationWithdrawn(Conflict):
    """This authorisation was already withdrawn."""


class HandoffAlreadyOpen(Conflict):
    """What would be handed over already lies with {partner_name}."""


class HandoffClosed(Conflict):
    """This handoff is over: it takes nothing more."""


class AnsweredByCheck(Conflict):
    """A precheck is answered by its check, and by nothing else."""


class CheckNotFavourable(Conflict):
    """The lender's check ({stage}) is {standing}."""


class StageDoesNotFit(Conflict):
    """This handoff asks for the check of the stage "{stage}"."""


class ConsultationRefReused(Conflict):
    """The consultation reference already names another check."""


class OfferDiffers(Conflict):
    """The offer is of {offered_cents} where the file asks for {endorsed_cents}."""


class OfferExpired(Conflict):
    """The offer was good until {valid_until}."""


class LenderHasNotRefused(Conflict):
    """No lender has refused this file."""


class SignedOnAnotherDay(Conflict):
    """The parties sign together: {field} must be {expected_on}."""


class DateAfterPosition(Conflict):
    """{field} lies after the position of the statement, {position_on}."""


class InstalmentUnknown(Conflict):
    """The schedule has no instalment {number}: it has {last}."""
