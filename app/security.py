"""Passwords and tokens: thin over the libraries that know."""

import hmac
import secrets
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache, partial
from hashlib import sha256
from uuid import UUID

from anyio import CapacityLimiter, to_thread
from cryptography.exceptions import InvalidSignature
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from standardwebhooks import Webhook

from app.domain.credentials import CLIENT_SECRET_PREFIX, PUBLIC_KEY_PREFIX, SIGNING_SECRET_PREFIX
from app.domain.errors import NotFound, TokenRefused, TooManyAtOnce
from app.domain.sealing_errors import EncryptionKeysMissing, SealBroken

TOKEN_LIFE = timedelta(minutes=30)
_ISSUER = "microcredit"

# OWASP's second profile (19 MiB, two passes): a login burst of a small machine must not eat its memory.
_hasher = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19_456, parallelism=1),))

# Verified when the account is unknown, so that both answers take the same time.
_NO_ACCOUNT = _hasher.hash("no account has this password")

# Made without a private key, and genuine all the same for one text in eight, or more, under a key of low order.
_EMPTY_SIGNATURE = bytes([1]) + bytes(63)
_TEXTS_TRIED = 64

# Hashing holds a thread for some 30 ms: two at once leave the other core to the requests.
_at_once = CapacityLimiter(2)


class LinkPurpose(StrEnum):
    """What a link is for, as its token says: no credential is a link, no link a credential, nor of another purpose."""

    REFERRAL_ANSWER = "microcredit/referral-answers"
    LENDER_ANSWER = "microcredit/lender-answers"


class Queue:
    """So many places at once in this process; whoever finds none is told at once, and takes nothing from the others."""

    def __init__(self, places: int) -> None:
        self._free = places

    @contextmanager
    def place(self) -> Iterator[None]:
        """Holds a place. Raises TooManyAtOnce."""
        if not self._free:
            raise TooManyAtOnce
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1


# At some 60 hashes a second, nobody waits for longer than a second.
sign_ins = Queue(40)


@dataclass(frozen=True, slots=True)
class Credential:
    """What a valid token says: whose it is, and of which tenant or partner. Neither is the platform's own staff."""

    account_id: UUID
    tenant_id: UUID | None
    partner_id: UUID | None = None


def hash_password(password: str) -> str:
    """The argon2id hash to store."""
    return _hasher.hash(password)


async def password_matches(password: str, password_hash: str | None) -> bool:
    """Whether the password is the account's; takes as long for an account that does not exist (null)."""
    verify = partial(_hasher.verify, password, password_hash or _NO_ACCOUNT)
    matches = await to_thread.run_sync(verify, limiter=_at_once)
    return matches and password_hash is not None


@lru_cache(maxsize=4)
def _key(secret: str) -> OctKey:
    return OctKey.import_key(secret)


def new_client_id(partner_code: str) -> str:
    """The public name of new credentials of a partner."""
    return f"{partner_code}-{secrets.token_hex(4)}"


def new_client_secret() -> str:
    """The secret of a partner's machine: 256 random bits, so that a plain hash keeps it.

    Its form is published: see `app.domain.credentials`.
    """
    return CLIENT_SECRET_PREFIX + secrets.token_urlsafe(32)


def new_signing_secret() -> str:
    """The secret of a key that a partner signs with: 256 random bits, as Standard Webhooks writes them."""
    return SIGNING_SECRET_PREFIX + b64encode(secrets.token_bytes(32)).decode()


def sign_message(secret: str, *, message_id: str, signed_at: datetime, content: str) -> str:
    """The signature of a text by a key of Standard Webhooks, with its version: `v1,…`; the second counts."""
    return Webhook(secret).sign(message_id, signed_at, content)


def public_key_of(text: str) -> Ed25519PublicKey:
    """The ed25519 key that `whpk_<base64>` writes. Raises ValueError for what is none, or is written in another way."""
    encoded = text.removeprefix(PUBLIC_KEY_PREFIX)
    raw = b64decode(encoded, validate=True)
    if PUBLIC_KEY_PREFIX + b64encode(raw).decode() != text:
        raise ValueError(PUBLIC_KEY_PREFIX)
    return Ed25519PublicKey.from_public_bytes(raw)


def signs_for_anybody(key: Ed25519PublicKey) -> bool:
    """Whether a key has signatures that need no private key, as those of low order do: 32 zeros, for one."""
    return any(_is_genuine(key, _EMPTY_SIGNATURE, bytes([number])) for number in range(_TEXTS_TRIED))


def signature_matches(public_key: str, signature: str, *, message_id: str, signed_at: datetime, body: bytes) -> bool:
    """Whether the owner of a public key signed a body: a signature of Standard Webhooks, with its version `v1a,…`."""
    version, _, encoded = signature.partition(",")
    if version != "v1a":
        return False
    try:
        raw = b64decode(encoded, validate=True)
    except ValueError:
        return False
    signed = f"{message_id}.{int(signed_at.timestamp())}.".encode() + body
    return _is_genuine(public_key_of(public_key), raw, signed)


def _is_genuine(key: Ed25519PublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def hash_client_secret(secret: str) -> str:
    """The SHA-256 to store."""
    return sha256(secret.encode()).hexdigest()


def client_secret_matches(secret: str, secret_sha256: str | None) -> bool:
    """Whether the secret is the client's; compared in constant time, also where there is no such client (null)."""
    return hmac.compare_digest(hash_client_secret(secret), secret_sha256 or hash_client_secret(""))


@lru_cache(maxsize=4)
def _sealer(keys: str) -> MultiFernet:
    if not keys:
        raise EncryptionKeysMissing
    return MultiFernet([Fernet(urlsafe_b64encode(sha256(key.encode()).digest())) for key in keys.split()])


def seal(text: str, *, keys: str) -> str:
    """The text encrypted under the first of the keys. Raises EncryptionKeysMissing."""
    return _sealer(keys).encrypt(text.encode()).decode()


def unseal(sealed: str, *, keys: str) -> str:
    """What was sealed under any of the keys. Raises EncryptionKeysMissing, SealBroken."""
    try:
        return _sealer(keys).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise SealBroken from None


def reseal(sealed: str, *, keys: str) -> str:
    """What was sealed under any of the keys, under the first of them. Raises EncryptionKeysMissing, SealBroken."""
    try:
        return _sealer(keys).rotate(sealed.encode()).decode()
    except InvalidToken:
        raise SealBroken from None


def sign_token(credential: Credential, *, secret: str, now: datetime) -> str:
    """A signed token (JWT, HS256) that lives TOKEN_LIFE from `now`."""
    claims = {
        "iss": _ISSUER,
        "sub": str(credential.account_id),
        "tenant": str(credential.tenant_id) if credential.tenant_id else None,
        "partner": str(credential.partner_id) if credential.partner_id else None,
        "iat": int(now.timestamp()),
        "exp": int((now + TOKEN_LIFE).timestamp()),
    }
    return jwt.encode({"alg": "HS256", "typ": "JWT"}, claims, _key(secret))


def read_token(token: str, *, secret: str, now: datetime) -> Credential:
    """What the token says, or TokenRefused when it is not ours, altered or expired."""
    registry = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        iss={"essential": True, "value": _ISSUER},
        sub={"essential": True},
        exp={"essential": True},
    )
    try:
        claims = jwt.decode(token, _key(secret), algorithms=["HS256"]).claims
        registry.validate(claims)
        tenant, partner = (UUID(claims[name]) if claims.get(name) else None for name in ("tenant", "partner"))
        return Credential(UUID(claims["sub"]), tenant, partner)
    except (JoseError, ValueError, TypeError, AttributeError) as refused:
        raise TokenRefused from refused


def sign_link_token(tenant_id: UUID, purpose: LinkPurpose, *, secret: str) -> str:
    """A signed token (JWT, HS256) unlike any other, which names a tenant and speaks for nobody."""
    claims = {"iss": purpose.value, "tenant": str(tenant_id), "jti": secrets.token_urlsafe(16)}
    return jwt.encode({"alg": "HS256", "typ": "JWT"}, claims, _key(secret))


def read_link_token(token: str, purpose: LinkPurpose, *, secret: str) -> UUID:
    """The tenant that the token of a link names, or NotFound when it is not ours, of another purpose, or altered."""
    registry = jwt.JWTClaimsRegistry(iss={"essential": True, "value": purpose.value})
    try:
        claims = jwt.decode(token, _key(secret), algorithms=["HS256"]).claims
        registry.validate(claims)
        return UUID(claims["tenant"])
    except (JoseError, ValueError, TypeError, AttributeError, KeyError) as unknown:
        raise NotFound from unknown
