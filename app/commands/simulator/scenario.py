"""How the simulated bank behaves, chosen on the command line."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from app.commands import CommandRefused


class SimulatorRefused(CommandRefused):
    """The simulator cannot go on, for the reason given."""


class Conduct(StrEnum):
    """What the bank answers to a loan file; `ask` wants something more first, and accepts once it has it."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    ASK = "ask"


@dataclass(slots=True)
class Credentials:
    """What the machine signs in with, and the key that it signs its pushes with, where it has one."""

    client_id: str
    client_secret: str
    signing_key: str | None = None
    signing_key_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Where the bank plays, and for how long. `on` is its day, today where none is given.

    `rounds` is null until Ctrl-C; `every_seconds` stand between two. With `listen`, a port, it takes webhooks.
    Keys that are changed are kept in the file `kept`.
    """

    url: str
    credentials: Credentials
    on: date | None = None
    rounds: int | None = None
    every_seconds: float = 5
    listen: int | None = None
    kept: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A bank's behaviour, the same for the same seed.

    `delay_days` is how long a file waits for its answer, `unpaid` the numbers of the instalments that no borrower pays,
    `rate_percent` its rate where it is not the one that the rules state. `repeat` tells everything again, with the
    same key and with another; `reorder` tells it in another order; `lose_percent` of the answers never come back;
    for `down`, from its start on, the bank neither acts nor takes a delivery. With `rotate`, it changes its credentials
    and its signing key after each round.
    """

    conduct: Conduct = Conduct.ACCEPT
    delay_days: int = 0
    unpaid: frozenset[int] = frozenset()
    rate_percent: Decimal | None = None
    repeat: bool = False
    reorder: bool = False
    lose_percent: int = 0
    down: timedelta = timedelta(0)
    rotate: bool = False
    seed: int = 1
