"""The signatures of what partners push (Standard Webhooks): by a key of theirs, fresh by our clock, and good once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col
from uuid_utils.compat import uuid7

from app.domain.credential_errors import SignatureMissing, SignatureRefused, SignatureReplayed, SignatureStale
from app.domain.permissions import Caller
from app.domain.sealing_errors import SealBroken
from app.security import sign_message, signature_matches, unseal
from app.settings import settings
from app.tables import AgreementRow, Handoff, PushSignature, SigningKey
from app.tables.base import utc_now
from app.tenancy import of_tenant

# As Standard Webhooks has it, to either side.
TOLERANCE = timedelta(minutes=5)
# A signature is kept until no clock of ours, somewhat late, would still find it fresh.
_KEPT = 2 * TOLERANCE


@dataclass(frozen=True, slots=True)
class GivenSignature:
    """What the three headers of a push say: `signatures` are those of the list, each with its version."""

    message_id: str
    signed_at: datetime
    signatures: tuple[str, ...]


async def verify(session: AsyncSession, partner_id: UUID, given: GivenSignature, *, body: bytes, now: datetime) -> None:
    """Takes a signature of the exact bytes of a body for good, in the transaction of the push's effect.

    A push that is refused leaves it as it was. Raises SignatureStale, SignatureRefused, SignatureReplayed, SealBroken
    where a key that cannot be read may have been the one.
    """
    if abs(now - given.signed_at) > TOLERANCE:
        raise SignatureStale(minutes_max=int(TOLERANCE.total_seconds() // 60))
    if not await _signed_by_any(session, partner_id, given, body, now):
        raise SignatureRefused
    statement = (
        insert(PushSignature)
        .values(
            id=uuid7(),
            partner_id=partner_id,
            message_id_sha256=sha256(given.message_id.encode()).hexdigest(),
            signed_at=given.signed_at,
            entered_at=utc_now(),
        )
        .on_conflict_do_nothing()
        .returning(col(PushSignature.id))
    )
    if (await session.execute(statement)).one_or_none() is None:
        raise SignatureReplayed


async def _signed_by_any(
    session: AsyncSession, partner_id: UUID, given: GivenSignature, body: bytes, now: datetime
) -> bool:
    broken = None
    for key in (await session.scalars(_keys(partner_id, now))).all():
        try:
            if _signed_by(key, given, body):
                return True
        except SealBroken as error:
            broken = error
    if broken is not None:
        raise broken
    return False


def _signed_by(key: SigningKey, given: GivenSignature, body: bytes) -> bool:
    """Whether one of the signatures is of the key; a text under a shared secret is UTF-8. Raises SealBroken."""
    name, at = given.message_id, given.signed_at
    if key.public_key is not None:
        return any(
            signature_matches(key.public_key, signature, message_id=name, signed_at=at, body=body)
            for signature in given.signatures
        )
    assert key.secret_sealed is not None  # noqa: S101 - a CHECK
    try:
        content = body.decode()
    except UnicodeDecodeError:
        return False
    secret = unseal(key.secret_sealed, keys=settings().encryption_keys.get_secret_value())
    expected = sign_message(secret, message_id=name, signed_at=at, content=content)
    return any(compare_digest(expected, signature) for signature in given.signatures)


def check_signed(caller: Caller, agreement: AgreementRow) -> None:
    """Raises SignatureMissing where the agreement asks for a signature and the partner's machine gave none.

    What a partner tells otherwise than by its machine is proved otherwise.
    """
    if agreement.signature_required and not caller.signed and caller.telling_id is None:
        raise SignatureMissing


async def check_signed_on(session: AsyncSession, caller: Caller, handoff: Handoff) -> None:
    """The same for what is done on a handoff."""
    check_signed(caller, await session.get_one(AgreementRow, (handoff.tenant_id, handoff.agreement_id)))


async def is_missing_in_tenant(session: AsyncSession, caller: Caller) -> bool:
    """Whether an agreement under which the bound CCAS handed something over asks for the signature that is missing."""
    if caller.signed or caller.telling_id is not None:
        return False
    under = and_(col(AgreementRow.tenant_id) == col(Handoff.tenant_id), col(AgreementRow.id) == Handoff.agreement_id)
    asked = (
        select(col(Handoff.id))
        .join(AgreementRow, under)
        .where(
            of_tenant(session, Handoff),
            col(Handoff.partner_id) == caller.partner_id,
            col(AgreementRow.signature_required),
        )
    )
    return bool(await session.scalar(select(exists(asked))))


async def begin_own_change(session: AsyncSession, caller: Caller, *, now: datetime) -> UUID:
    """The partner that is about to change its credentials, keys or endpoints, once its turn has come.

    Raises SignatureMissing where it signs and did not: else whoever got hold of a token would make a key of their own,
    or an endpoint's secret to forge deliveries with.
    The turn comes first, so that of two changes at once the later sees the key that the first one made.
    """
    assert caller.partner_id is not None  # noqa: S101 - the table of roles lets partners alone come here
    await session.execute(turn_of(caller.partner_id))
    if not caller.signed and await session.scalar(select(exists(_keys(caller.partner_id, now)))):
        raise SignatureMissing
    return caller.partner_id


def turn_of(partner_id: UUID) -> Select[tuple[None]]:
    """Waits for whoever else is changing the credentials or keys of the partner, until the transaction ends."""
    return select(func.pg_advisory_xact_lock(func.hashtextextended(f"credentials/{partner_id}", 0)))


def _keys(partner_id: UUID, now: datetime) -> Select[SigningKey]:
    return select(SigningKey).where(*good(partner_id, now))


def good(partner_id: UUID, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """What the keys of a partner that may sign at an instant are."""
    return col(SigningKey.partner_id) == partner_id, col(SigningKey.active).is_(True), col(SigningKey.expires_at) > now


async def forget(session: AsyncSession, *, now: datetime) -> None:
    """Forgets the signatures of the bound partner that are stale whoever looks at them."""
    await session.execute(delete(PushSignature).where(col(PushSignature.signed_at) < now - _KEPT))
