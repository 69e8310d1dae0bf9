"""Entry points without HTTP."""

from argparse import ArgumentTypeError
from datetime import date, datetime
from zoneinfo import ZoneInfo

_EARLIEST = ZoneInfo("Pacific/Wallis")  # where the day begins first in France


class CommandRefused(Exception):
    """A command cannot do what was asked, for the reason given in one sentence."""


def day(text: str) -> date:
    """A day on a command line. Raises ArgumentTypeError, which says how it is written."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text} is not a day, YYYY-MM-DD") from None


def check_begun(on: date | None) -> None:
    """Raises CommandRefused for a day that has begun nowhere in France: what it erases is not given back."""
    if on is not None and on > datetime.now(_EARLIEST).date():
        raise CommandRefused(f"{on} is still to come")
