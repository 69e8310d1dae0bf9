"""Passwords and tokens: thin over the libraries that know."""

import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, partial
from hashlib import sha256
from uuid import UUID

from anyio import CapacityLimiter, to_thread
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from app.domain.errors import NotFound, TokenRefused, TooManyAtOnce

TOKEN_LIFE = timedelta(minutes=30)
_ISSUER = "microcredit"
# Of the links by which organisations answer: no credential is a link, and no link a credential.
_LINKS_ISSUER = "microcredit/referral-answers"

# OWASP's second profile (19 MiB, two passes): a login burst of a small machine must not eat its memory.
_hasher = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19_456, parallelism=1),))

# Verified when the account is unknown, so that both answers take the same time.
_NO_ACCOUNT = _hasher.hash("no account has this password")

# Hashing holds a thread for some 30 ms: two at once leave the other core to the requests.
_at_once = CapacityLimiter(2)


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


def new_client_secret() -> str:
    """The secret of a partner's machine: 256 random bits, so that a plain hash keeps it."""
    return secrets.token_urlsafe(32)


def hash_client_secret(secret: str) -> str:
    """The SHA-256 to store."""
    return sha256(secret.encode()).hexdigest()


def client_secret_matches(secret: str, secret_sha256: str | None) -> bool:
    """Whether the secret is the client's; compared in constant time, also where there is no such client (null)."""
    return hmac.compare_digest(hash_client_secret(secret), secret_sha256 or hash_client_secret(""))


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


def sign_link_token(tenant_id: UUID, *, secret: str) -> str:
    """A signed token (JWT, HS256) unlike any other, which names a tenant and speaks for nobody."""
    claims = {"iss": _LINKS_ISSUER, "tenant": str(tenant_id), "jti": secrets.token_urlsafe(16)}
    return jwt.encode({"alg": "HS256", "typ": "JWT"}, claims, _key(secret))


def read_link_token(token: str, *, secret: str) -> UUID:
    """The tenant that the token of a link names, or NotFound when it is not ours or altered."""
    registry = jwt.JWTClaimsRegistry(iss={"essential": True, "value": _LINKS_ISSUER})
    try:
        claims = jwt.decode(token, _key(secret), algorithms=["HS256"]).claims
        registry.validate(claims)
        return UUID(claims["tenant"])
    except (JoseError, ValueError, TypeError, AttributeError, KeyError) as unknown:
        raise NotFound from unknown
