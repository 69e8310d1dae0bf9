"""Everything the service refuses, by name.

MicrocreditError
├── Unreadable            400  the request cannot be read
│   ├── BodyNotJson
│   ├── HeaderMissing, HeaderDoubled
│   └── CursorNotOurs
├── Unauthenticated       401
│   ├── CredentialsRefused, TokenRefused
│   └── SignatureNotProven    of a push, whatever its token
├── Forbidden             403
├── NotFound              404  unknown, or another tenant's: the two look the same
├── MethodNotAllowed      405
├── BodyTooLarge          413
├── MediaTypeRefused      415
├── Invalid               422  fields that fail
│   └── IdempotencyKeyReused
├── Conflict              409  the state of things, or a rule, says no
│   ├── IllegalTransition
│   ├── RulesBreached
│   └── ... and those of the modules `*_errors.py`
├── TooManyAtOnce         429
├── EditConflict          412, 428
│   ├── VersionStale
│   └── VersionMissing
├── Unavailable           503
└── Unexpected            500

A class's docstring is its English message; `messages/fr.yaml` has the French under its `code`. Messages may name the
error's `facts` in braces. `app/errors.py` alone knows HTTP.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from app.domain.breaches import Breach


class MicrocreditError(Exception):
    """The request was refused."""

    code: ClassVar[str] = "microcredit_error"

    def __init_subclass__(cls) -> None:
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def __init__(self, **facts: object) -> None:
        """`facts` fill the message and are returned beside it; they never hold personal data."""
        super().__init__(self.code)
        self.facts = facts


class Unreadable(MicrocreditError):
    """The request cannot be read."""


class BodyNotJson(Unreadable):
    """The body is not the JSON that was announced: {reason}."""


class HeaderMissing(Unreadable):
    """The header {header} is required here."""


class HeaderDoubled(Unreadable):
    """The header {header} may be given only once."""


class HeaderMalformed(Unreadable):
    """The header {header} is not well formed."""


class CursorNotOurs(Unreadable):
    """This cursor was not given out by this list."""


class Unauthenticated(MicrocreditError):
    """Identify yourself with a bearer token."""

    oauth_error: ClassVar[str] = "invalid_token"


class TokenRefused(Unauthenticated):
    """The token is invalid or has expired."""


class CredentialsRefused(Unauthenticated):
    """The username or the password is wrong."""

    oauth_error = "invalid_grant"


class ClientRefused(Unauthenticated):
    """The client identifier or its secret is wrong, or has expired."""

    oauth_error = "invalid_client"


class Forbidden(MicrocreditError):
    """Your roles do not allow this."""


class NotFound(MicrocreditError):
    """There is nothing here under that name."""


class MethodNotAllowed(MicrocreditError):
    """This address does not answer that method."""


class BodyTooLarge(MicrocreditError):
    """The body is larger than {limit} bytes."""


class MediaTypeRefused(MicrocreditError):
    """The body must be {expected}."""


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One field that fails: where (RFC 6901 pointer), the stable code, and the bounds that the message names.

    The value that was sent is never kept: it may be personal.
    """

    pointer: str
    code: str
    bounds: dict[str, Any]


class Invalid(MicrocreditError):
    """Some fields are not acceptable."""

    def __init__(self, *faults: FieldFault) -> None:
        super().__init__()
        self.faults = faults


class IdempotencyKeyReused(Invalid):
    """This Idempotency-Key was already used with another body."""


class Conflict(MicrocreditError):
    """The present state does not allow this."""


class IdempotencyKeyInFlight(Conflict):
    """A request with this Idempotency-Key is being carried out."""


class IllegalTransition(Conflict):
    """The action "{action}" is not possible in the state "{state}"."""


class LoanInTheWay(Conflict):
    """A loan offered on this request must first be cancelled."""


class LoanAlreadyExists(Conflict):
    """This request already has a loan."""


class RequestLocked(Conflict):
    """The file can no longer be changed in the state "{state}"."""


class PlanMissing(Conflict):
    """The financing plan is missing."""


class BudgetMissing(Conflict):
    """The budget is missing."""


class PlanUnbalanced(Conflict):
    """The financing plan adds up to {total_cents} where the project costs {project_cost_cents}."""


class PlanDiffersFromDecision(Conflict):
    """The plan holds {plan_cents} of {kind} where the decision gives {decided_cents}."""


class ImpossibleSchedule(Conflict):
    """No repayment schedule fits these terms: change {field} (nearest possible value: {bound})."""


class RuleNotStated(Conflict):
    """The rules in force do not state {path}."""


class NoRulesInForce(Conflict):
    """No rules of this tenant are in force on {on}."""


class UnknownProduct(Conflict):
    """The rules in force on {on} have no product "{product}"."""


class UnknownLender(Conflict):
    """The rules in force on {on} do not name the lender "{lender}"."""


class ProductNotChosen(Conflict):
    """The rules in force on {on} have several products: name one."""


class UnreachableTooSoon(Conflict):
    """Two dated attempts are needed before a person is unreachable."""


class DateOutOfOrder(Conflict):
    """{field} cannot come before {not_before}."""


class DateInPast(Conflict):
    """{field} lies in the past."""


class DateInFuture(Conflict):
    """{field} lies in the future."""


class BorrowerIsMinor(Conflict):
    """A minor cannot sign a loan; {party} is under 18 on {on}."""


class PartyNotExpected(Conflict):
    """This contract is not signed by {party}."""


class AlreadySigned(Conflict):
    """{party} has already signed."""


class DisbursementDiffers(Conflict):
    """The payment must be the whole loan, {principal_cents}."""


class DueBeforePaid(Conflict):
    """The first instalment is due on {first_due_on}, before the money would be paid out."""


class NothingOwed(Conflict):
    """Nothing is owed on this loan on {on}."""


class NoRepayment(Conflict):
    """There is no repayment to take back."""


class ReferenceAlreadyUsed(Conflict):
    """The reference already names another payment or contract."""


class AlreadyReversed(Conflict):
    """This was already reversed."""


class CommuneNotServed(Conflict):
    """The commune {insee_code} is not served by this CCAS."""


class ApplicantUnknown(Conflict):
    """{field} is not a person of this CCAS."""


class SamePersonTwice(Conflict):
    """The co-applicant must be another person than the applicant."""


class RulesBreached(Conflict):
    """The rules of the CCAS do not allow this."""

    def __init__(self, breaches: list[Breach], *, overridable_by: Mapping[str, Sequence[str]] | None = None) -> None:
        """`overridable_by` names, by rule, the roles that may go past it with a reason; none where it is silent."""
        super().__init__()
        self.breaches = breaches
        self.overridable_by = overridable_by or {}


class OverrideNotNeeded(Conflict):
    """There is nothing to override: {rule} is met."""


class OverrideNotAllowed(Conflict):
    """{rule} is set by law: nobody may override it."""


class RulesOverlap(Conflict):
    """Version {taken_by} of the rules holds some of these days and is never replaced: adopt from {free_from} on."""


class TooManyDecisions(Conflict):
    """More than {limit} decisions were taken between {decided_from} and {decided_to}: choose a shorter time."""


class TooManyAtOnce(MicrocreditError):
    """Too many people are signing in at once; try again in a moment."""


class EditConflict(MicrocreditError):
    """Someone may have changed this in the meantime."""


class VersionStale(EditConflict):
    """This has changed since you read it."""


class VersionMissing(EditConflict):
    """Say which version you are changing, with If-Match."""


class Unavailable(MicrocreditError):
    """The service is not available just now; nothing was done."""


class Unexpected(MicrocreditError):
    """Something failed on our side; nothing was done."""
