"""Files of lines that are brought in: their bytes, and whether anything of them is kept."""

import binascii
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession

from app.database import rehearsal
from app.domain.errors import FieldFault, Invalid
from app.schemas.file_imports import FileImport
from app.tenancy import bind, bound_tenant


def content_of(body: FileImport) -> bytes:
    """The bytes of a file. Raises Invalid where they are no base64."""
    try:
        return b64decode(body.content_base64, validate=True)
    except binascii.Error:
        raise Invalid(FieldFault("/body/content_base64", "bad_form", {})) from None


@asynccontextmanager
async def kept(session: AsyncSession, *, dry_run: bool) -> AsyncIterator[None]:
    """What is recorded within is kept, but for a dry run."""
    if not dry_run:
        yield
        return
    tenant_id = bound_tenant(session)
    async with rehearsal(session):
        yield
    await bind(session, tenant_id)
