"""Entry points without HTTP."""

from argparse import ArgumentTypeError
from datetime import date


class CommandRefused(Exception):
    """A command cannot do what was asked, for the reason given in one sentence."""


def day(text: str) -> date:
    """A day on a command line. Raises ArgumentTypeError, which says how it is written."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text} is not a day, YYYY-MM-DD") from None
