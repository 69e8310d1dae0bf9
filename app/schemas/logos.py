"""The logos of the CCAS."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.domain.logos import LOGO_BYTES_MAX
from app.schemas.base import Input, Output, Sha256

_BASE64_LENGTH_MAX = (LOGO_BYTES_MAX + 2) // 3 * 4


class LogoCreate(Input):
    """A PNG of 64 KiB at most and 2 000 pixels a side, in base64, with the SHA-256 of its bytes."""

    media_type: Literal["image/png"]
    content_base64: Annotated[
        str, Field(strict=True, min_length=4, max_length=_BASE64_LENGTH_MAX, pattern=r"^[A-Za-z0-9+/]+={0,2}$")
    ]
    sha256: Sha256


class LogoRead(Output):
    """One logo that was given; `bytes` is its size."""

    id: UUID
    media_type: str
    bytes: int
    sha256: str
    account_id: UUID
    entered_at: datetime


class LogoList(Output):
    """The logos, the one in use first."""

    items: list[LogoRead]
    next_cursor: str | None
