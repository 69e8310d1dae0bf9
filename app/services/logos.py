"""The logos of the CCAS: the last one given is on its papers, those before it are kept."""

import binascii
import hashlib
from base64 import b64decode

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import documents
from app.domain.document_errors import LogoUnreadable
from app.domain.logos import check_png
from app.domain.permissions import Caller
from app.schemas.logos import LogoCreate, LogoList, LogoRead
from app.tables import Logo
from app.tenancy import bound_tenant, of_tenant

_MEDIA_TYPE = "image/png"
_SPECIMEN: dict[str, object] = {"title": "Logo", "day": "2000-01-01", "on": "", "reference": None, "recipient": []}


async def create(session: AsyncSession, *, caller: Caller, body: LogoCreate) -> LogoRead:
    """The papers bear this one from now on. Raises LogoUnreadable, also where it is not what was hashed."""
    try:
        content = b64decode(body.content_base64, validate=True)
    except binascii.Error:
        raise LogoUnreadable from None
    if hashlib.sha256(content).hexdigest() != body.sha256:
        raise LogoUnreadable
    check_png(content)
    await _check_drawn(content)
    logo = Logo(tenant_id=bound_tenant(session), content=content, sha256=body.sha256, account_id=caller.account_id)
    session.add(logo)
    return _read(logo)


async def list_all(session: AsyncSession) -> LogoList:
    """Every logo that was given."""
    rows = (await session.scalars(_newest(session))).all()
    return LogoList(items=[_read(row) for row in rows], next_cursor=None)


async def pixels(session: AsyncSession) -> list[int] | None:
    """The bytes of the logo in use, as a template takes them; null where none was given."""
    logo = (await session.scalars(_newest(session).limit(1))).one_or_none()
    return None if logo is None else list(logo.content)


async def _check_drawn(content: bytes) -> None:
    """Raises LogoUnreadable for what would keep every paper from being made."""
    sender = {"name": "Logo", "logo": list(content)}
    try:
        await documents.make("specimen", {**_SPECIMEN, "sender": sender}, file_name="specimen.pdf")
    except documents.Unprintable:
        raise LogoUnreadable from None


def _newest(session: AsyncSession) -> Select[Logo]:
    return select(Logo).where(of_tenant(session, Logo)).order_by(col(Logo.entered_at).desc(), col(Logo.id).desc())


def _read(logo: Logo) -> LogoRead:
    return LogoRead(
        id=logo.id,
        media_type=_MEDIA_TYPE,
        bytes=len(logo.content),
        sha256=logo.sha256,
        account_id=logo.account_id,
        entered_at=logo.entered_at,
    )
