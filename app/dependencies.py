"""The names a route may ask for."""

import re
from base64 import b64decode
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Annotated, TypeVar
from urllib.parse import unquote_plus

from fastapi import Depends, Header, Path, Request, Response
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlowPassword, OAuthFlows
from fastapi.security import OAuth2
from fastapi.security.utils import get_authorization_scheme_param
from sqlalchemy.ext.asyncio import AsyncSession

from app import messages
from app.database import Sessions, tenant_transaction
from app.documents import Document
from app.domain.errors import (
    ClientRefused,
    Forbidden,
    HeaderDoubled,
    HeaderMalformed,
    HeaderMissing,
    Unauthenticated,
    VersionMissing,
    VersionStale,
)
from app.domain.operation_roles import allows
from app.domain.permissions import Caller as CallerOf
from app.domain.rules import VERSION_MAX
from app.schemas.base import Id, InDigits, Output, Page, Resource
from app.schemas.batches import BatchRead
from app.security import Credential, read_token
from app.services import auth, handoff_routes, push_signatures
from app.services.slip_files import SlipFile
from app.settings import settings

_VERSION = re.compile(r"[1-9][0-9]{0,8}")
_TOKENS = "/v1/auth/token"
# A dot in the identifier would let it run over into the timestamp that is signed with it.
_SIGNATURE_FORMS = {
    "webhook-id": re.compile(r"[\x21-\x2d\x2f-\x7e]{1,255}"),
    "webhook-timestamp": re.compile(r"[1-9][0-9]{9}"),
    "webhook-signature": re.compile(r"v1a?,[A-Za-z0-9+/]{1,100}={0,2}( v1a?,[A-Za-z0-9+/]{1,100}={0,2}){0,9}"),
}
_bearer = OAuth2(
    flows=OAuthFlows(
        password=OAuthFlowPassword(tokenUrl=_TOKENS), clientCredentials=OAuthFlowClientCredentials(tokenUrl=_TOKENS)
    ),
    auto_error=False,
    description="a person's `login@slug` and password, or a partner's client credentials",
)


async def now() -> datetime:
    """The clock."""
    return datetime.now(UTC)


Now = Annotated[datetime, Depends(now)]


async def language(accept_language: Annotated[str | None, Header()] = None) -> messages.Language:
    """The language of what people are to read."""
    return messages.language_of(accept_language)


Language = Annotated[messages.Language, Depends(language)]


async def credential(request: Request, authorization: Annotated[str | None, Depends(_bearer)], now: Now) -> Credential:
    """What the bearer token says. Raises Unauthenticated, TokenRefused, HeaderDoubled."""
    if len(request.headers.getlist("authorization")) > 1:
        raise HeaderDoubled(header="Authorization")
    scheme, token = get_authorization_scheme_param(authorization)
    if scheme.lower() != "bearer":
        raise Unauthenticated
    return read_token(token, secret=settings().token_secret.get_secret_value(), now=now)


async def basic_credentials(request: Request) -> tuple[str, str] | None:
    """The user and password of HTTP Basic authentication, null where it is not used. Raises ClientRefused.

    Both are form-encoded before they are joined (RFC 6749, section 2.3.1).
    """
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, secret = b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        raise ClientRefused from None
    client_id, client_secret = unquote_plus(name), unquote_plus(secret)
    # PostgreSQL takes no NUL.
    if not colon or "\0" in client_id:
        raise ClientRefused
    return client_id, client_secret


BasicCredentials = Annotated[tuple[str, str] | None, Depends(basic_credentials)]


async def transaction(
    request: Request, credential: Annotated[Credential, Depends(credential)]
) -> AsyncIterator[AsyncSession]:
    """The request's one transaction, bound to the tenant or the partner of its credential."""
    async with tenant_transaction(
        request.app.state.sessions, credential.tenant_id, partner_id=credential.partner_id
    ) as session:
        yield session


async def transaction_source(request: Request) -> Sessions:
    """For the one action that ends its transaction before it is done."""
    sessions: Sessions = request.app.state.sessions
    return sessions


async def public_transaction(request: Request) -> AsyncIterator[AsyncSession]:
    """The request's one transaction, bound to no tenant."""
    async with tenant_transaction(request.app.state.sessions, None) as session:
        yield session


# scope="function": the commit comes before the response leaves; without it a failed commit would still answer 201.
Transaction = Annotated[AsyncSession, Depends(transaction, scope="function")]
TransactionSource = Annotated[Sessions, Depends(transaction_source)]
PublicTransaction = Annotated[AsyncSession, Depends(public_transaction, scope="function")]


async def caller(
    request: Request, session: Transaction, credential: Annotated[Credential, Depends(credential)], now: Now
) -> CallerOf:
    """Who is asking, if the table of roles lets them do this; a signature that comes with a push must be good.

    Raises TokenRefused, Forbidden, HeaderDoubled, HeaderMissing, HeaderMalformed, SignatureStale, SignatureRefused,
    SignatureReplayed.
    """
    known = await auth.caller_of(session, credential, now=now)
    if not allows(known.roles, request.scope["route"].unique_id):
        raise Forbidden
    given = _signature(request) if known.partner_id and request.method == "POST" else None
    if given is None or known.partner_id is None:
        return known
    await push_signatures.verify(session, known.partner_id, given, body=await request.body(), now=now)
    return replace(known, signed=True)


def _signature(request: Request) -> push_signatures.GivenSignature | None:
    """What the headers of Standard Webhooks say, null where there is none of them.

    Raises HeaderDoubled, HeaderMissing, HeaderMalformed.
    """
    given = {name: request.headers.getlist(name) for name in _SIGNATURE_FORMS}
    if not any(given.values()):
        return None
    for name, values in given.items():
        if not values:
            raise HeaderMissing(header=name)
        if len(values) > 1:
            raise HeaderDoubled(header=name)
        if not _SIGNATURE_FORMS[name].fullmatch(values[0]):
            raise HeaderMalformed(header=name)
    message_id, timestamp, signatures = (values[0] for values in given.values())
    signed_at = datetime.fromtimestamp(int(timestamp), UTC)
    return push_signatures.GivenSignature(message_id, signed_at, tuple(signatures.split(" ")))


Caller = Annotated[CallerOf, Depends(caller)]


async def today(caller: Caller, now: Now) -> date:
    """The day it is at the caller's."""
    return now.astimezone(caller.time_zone).date()


Today = Annotated[date, Depends(today)]


async def if_match(
    request: Request, if_match: Annotated[str | None, Header(description="the ETag of the version to change")] = None
) -> int:
    """The version that the caller says to be changing. Raises VersionMissing, HeaderDoubled, VersionStale."""
    given = request.headers.getlist("if-match")
    if if_match is None:
        raise VersionMissing
    if len(given) > 1:
        raise HeaderDoubled(header="If-Match")
    tag = given[0].strip()
    if len(tag) < 3 or not (tag.startswith('"') and tag.endswith('"')):
        raise HeaderMalformed(header="If-Match")
    # An ETag that is not a version of ours matches nothing.
    if not _VERSION.fullmatch(tag[1:-1]):
        raise VersionStale
    return int(tag[1:-1])


IfMatch = Annotated[int, Depends(if_match)]

RequestId = Annotated[Id, Path(description="identifier of the request")]
LoanId = Annotated[Id, Path(description="identifier of the loan")]
PersonId = Annotated[Id, Path(description="identifier of the person")]
DecisionId = Annotated[Id, Path(description="identifier of the decision")]
ConditionNumber = Annotated[int, InDigits, Path(ge=1, le=20, description="number of the condition in its decision")]
DisbursementId = Annotated[Id, Path(description="identifier of the disbursement")]
RepaymentId = Annotated[Id, Path(description="identifier of the repayment")]
EntryId = Annotated[Id, Path(description="identifier of the entry of the ledger")]
DischargeId = Annotated[Id, Path(description="identifier of the erasure")]
AgreementId = Annotated[Id, Path(description="identifier of the agreement")]
RelationId = Annotated[Id, Path(description="identifier of the relation")]
MergeId = Annotated[Id, Path(description="identifier of the merge")]
OrganisationId = Annotated[Id, Path(description="identifier of the organisation")]
ContactId = Annotated[Id, Path(description="identifier of the contact")]
AppointmentId = Annotated[Id, Path(description="identifier of the appointment")]
PaperId = Annotated[Id, Path(description="identifier of the paper")]
NoteId = Annotated[Id, Path(description="identifier of the note")]
AuthorisationId = Annotated[Id, Path(description="identifier of the authorisation")]
UserId = Annotated[Id, Path(description="identifier of the account")]
HandoffId = Annotated[Id, Path(description="identifier of the handoff")]
WebhookId = Annotated[Id, Path(description="identifier of the endpoint")]
DeliveryId = Annotated[Id, Path(description="identifier of the delivery")]
SupportId = Annotated[Id, Path(description="identifier of the support that pays instalments")]
SupportContractId = Annotated[Id, Path(description="identifier of the support contract")]
ReferralId = Annotated[Id, Path(description="identifier of the referral")]
LinkToken = Annotated[str, Path(max_length=500, description="the token of a link, as it was sent")]
WorkshopId = Annotated[Id, Path(description="identifier of the workshop")]
CommitteeId = Annotated[Id, Path(description="identifier of the committee")]
MemberId = Annotated[Id, Path(description="identifier of the term of office")]
CredentialId = Annotated[Id, Path(description="identifier of the credentials")]
SigningKeyId = Annotated[Id, Path(description="identifier of the signing key")]
SlipId = Annotated[Id, Path(description="identifier of the slip")]
SessionId = Annotated[Id, Path(description="identifier of the session")]
AgendaItemId = Annotated[Id, Path(description="identifier of the item of the agenda")]
ScheduleVersionNumber = Annotated[int, InDigits, Path(ge=1, le=10_000, description="number of the version")]
ClaimId = Annotated[Id, Path(description="identifier of the claim on a guarantor")]
GuaranteePaymentId = Annotated[Id, Path(description="identifier of the guarantor's payment")]
GuaranteeRecoveryId = Annotated[Id, Path(description="identifier of the recovery")]
BorneInterestStatementId = Annotated[Id, Path(description="identifier of the statement")]
RulesVersion = Annotated[int, InDigits, Path(ge=1, le=VERSION_MAX, description="number of the version of the rules")]
Slug = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{1,62}$", description="short name of the tenant")]


async def today_at_ccas(session: Transaction, caller: Caller, now: Now, handoff_id: HandoffId) -> date:
    """The day it is at the CCAS that handed something over: a partner's machine serves CCAS in every time zone."""
    return now.astimezone(await handoff_routes.time_zone(session, caller, handoff_id)).date()


TodayAtCcas = Annotated[date, Depends(today_at_ccas)]

Tagged = TypeVar("Tagged", bound=Resource)
Listed = TypeVar("Listed", bound=Output)
One = TypeVar("One", bound=Output)


class PdfResponse(Response):
    """A paper."""

    media_type = "application/pdf"


class CsvResponse(Response):
    """A file of lines for other software; its characters are written as the response says."""

    media_type = "text/csv"


class AnswerHeaders:
    """The headers that go with what is answered."""

    def __init__(self, request: Request, response: Response) -> None:
        self._request = request
        self._response = response

    def tagged(self, resource: Tagged) -> Tagged:
        """The resource, with its ETag."""
        self._response.headers["ETag"] = resource.etag()
        return resource

    def created_unless_batch(self, told: One | BatchRead) -> One | BatchRead:
        """What was recorded, with 201; the answers to a batch, of which some may be refusals, with 200."""
        self._response.status_code = 200 if isinstance(told, BatchRead) else 201
        return told

    def linked(self, page: Page[Listed]) -> Page[Listed]:
        """The page, with a link to the next one (RFC 8288) where there is one."""
        if page.next_cursor is not None:
            following = self._request.url.include_query_params(cursor=page.next_cursor)
            self._response.headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
        return page

    def printed(self, made: Document) -> PdfResponse:
        """The paper, to be shown under its name, with the template that it was made with."""
        shown = {"Content-Disposition": f'inline; filename="{made.file_name}"', "Document-Template": made.template}
        return PdfResponse(made.content, headers=shown)

    def downloaded(self, made: SlipFile) -> CsvResponse:
        """The file, to be kept under its name."""
        kept = {"Content-Disposition": f'attachment; filename="{made.file_name}"'}
        return CsvResponse(made.content, headers=kept, media_type=f"text/csv; charset={made.encoding.value}")

    def filed(self, name: str, lines: str | bytes) -> CsvResponse:
        """The file, to be saved under its name."""
        return CsvResponse(lines, headers={"Content-Disposition": f'attachment; filename="{name}.csv"'})


Answer = Annotated[AnswerHeaders, Depends()]
