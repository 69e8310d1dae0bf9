"""What the tests of signed pushes speak with: a lender's machine that signs as Standard Webhooks has it."""

import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from httpx import Response
from standardwebhooks import Webhook

from tests.lenders import Lender
from tests.support import Json, ok

KEYS = "/partner/signing-keys"


class Signing(Lender):
    """A machine that signs each of its POSTs under `secret`: a shared one, or the private half of a pair of its own."""

    secret: str | Ed25519PrivateKey

    @classmethod
    def of(cls, lender: Lender, secret: str | Ed25519PrivateKey) -> "Signing":
        """The same machine, which now signs."""
        signing = cls(lender.client, lender.account_id, None)
        signing.headers, signing.secret = lender.headers, secret
        return signing

    async def post(self, path: str, body: Any = None, *, key: str | None = None) -> Response:
        """POST under /v1, signed now."""
        content = b"" if body is None else json.dumps(body).encode()
        return await self.send(path, content, signature(self.secret, content), key=key)

    async def send(
        self, path: str, content: bytes, signed: dict[str, str] | list[tuple[str, str]], *, key: str | None = None
    ) -> Response:
        """POST under /v1 of exact bytes with the headers of a signature."""
        headers = [*self.headers.items(), ("Idempotency-Key", key or str(uuid4()))]
        headers += [("Content-Type", "application/json")] if content else []
        headers += list(signed.items()) if isinstance(signed, dict) else signed
        return await self.client.post(f"/v1{path}", content=content, headers=headers)


def signature(
    secret: str | Ed25519PrivateKey, content: bytes, *, at: datetime | None = None, message_id: str | None = None
) -> dict[str, str]:
    """The three headers by which the official library, or the owner of a pair, signs a text."""
    name, instant = message_id or f"msg_{uuid4().hex}", at or datetime.now(UTC)
    timestamp = str(int(instant.timestamp()))
    if isinstance(secret, str):
        signed = Webhook(secret).sign(name, instant, content.decode())
    else:
        signed = "v1a," + b64encode(secret.sign(f"{name}.{timestamp}.".encode() + content)).decode()
    return {"webhook-id": name, "webhook-timestamp": timestamp, "webhook-signature": signed}


def public_key(pair: Ed25519PrivateKey) -> str:
    """The public half of a pair, as Standard Webhooks writes it."""
    return "whpk_" + b64encode(pair.public_key().public_bytes_raw()).decode()


async def signing(lender: Lender) -> Signing:
    """The machine with a first key of its partner."""
    made: Json = await ok(lender.post(KEYS))
    return Signing.of(lender, made["secret"])
