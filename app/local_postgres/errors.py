"""What the launcher says when it cannot go on."""


class LocalPostgresError(Exception):
    """The development database cannot run; the message is one sentence for the person at the terminal."""
