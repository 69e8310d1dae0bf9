"""Entry points without HTTP."""


class CommandRefused(Exception):
    """A command cannot do what was asked, for the reason given in one sentence."""
