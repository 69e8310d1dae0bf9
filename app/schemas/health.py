"""The health of the service."""

from typing import Literal

from app.schemas.base import Output


class HealthRead(Output):
    """In order."""

    status: Literal["ok"]
