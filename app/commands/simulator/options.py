"""The command line of the simulator. Imports little: every command reads it."""

import argparse
from argparse import ArgumentTypeError
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path

from app.commands import day
from app.commands.simulator.kept import read, signing_key_of
from app.commands.simulator.scenario import Conduct, Credentials, Scenario, Session, SimulatorRefused


def add_options(simulator: argparse.ArgumentParser) -> None:
    """What the simulator can be told."""
    add = simulator.add_argument
    add("--url", default="http://127.0.0.1:8000", help="where the service answers (default %(default)s)")
    add("--client-id", help="its credentials (default PARTNER_CLIENT_ID)")
    add("--client-secret", help="default PARTNER_CLIENT_SECRET, or what dev keeps")
    add("--clients", type=Path, default=Path("var/dev/clients"), help="where dev keeps secrets (default %(default)s)")
    add(
        "--answer",
        choices=[*map(str, Conduct)],
        default=str(Conduct.ACCEPT),
        help="its answer to a loan file (default %(default)s)",
    )
    add("--delay-days", type=_number, default=0, help="how long a file waits for its answer")
    add("--unpaid", type=_number, nargs="+", default=[], metavar="N", help="instalments that nobody pays")
    add("--rate", type=_rate, help="in percent, where it is not that of the rules")
    add("--repeat", action="store_true", help="tell everything again, with the same key and with another")
    add("--reorder", action="store_true", help="tell it in another order")
    add("--lose", type=_percent, default=0, metavar="PERCENT", help="how many of a hundred answers never come back")
    add("--down", type=_number, default=0, metavar="MINUTES", help="neither act nor take a delivery for so long")
    add("--seed", type=int, default=1, help="the same seed behaves the same (default %(default)s)")
    add("--on", type=day, help="the bank's day, YYYY-MM-DD (default today)")
    add("--rounds", type=_number, help="how often it acts (default until Ctrl-C)")
    add("--every", type=_number, default=5, metavar="SECONDS", help="between two rounds (default %(default)s)")
    add("--rotate", action="store_true", help="change credentials and signing key each round; kept in --clients")
    add("--listen", type=_number, metavar="PORT", help="take webhooks on 127.0.0.1 instead of reading the inbox")


def chosen(options: argparse.Namespace, environment: Mapping[str, str]) -> tuple[Session, Scenario]:
    """What was told. Raises SimulatorRefused where credentials are missing."""
    session = Session(
        url=options.url,
        credentials=credentials_of(
            options.client_id, options.client_secret, kept=options.clients, environment=environment
        ),
        on=options.on,
        rounds=options.rounds,
        every_seconds=options.every,
        listen=options.listen,
        kept=options.clients,
    )
    scenario = Scenario(
        conduct=Conduct(options.answer),
        delay_days=options.delay_days,
        unpaid=frozenset(options.unpaid),
        rate_percent=options.rate,
        repeat=options.repeat,
        reorder=options.reorder,
        lose_percent=options.lose,
        down=timedelta(minutes=options.down),
        rotate=options.rotate,
        seed=options.seed,
    )
    return session, scenario


def credentials_of(
    client_id: str | None, client_secret: str | None, *, kept: Path, environment: Mapping[str, str]
) -> Credentials:
    """What to sign in with: as given, else of the environment; the secret also from the file that `dev` keeps.

    Raises SimulatorRefused where something is missing.
    """
    name = client_id or environment.get("PARTNER_CLIENT_ID")
    if not name:
        raise SimulatorRefused("no credentials: give --client-id, or set PARTNER_CLIENT_ID")
    known = read(kept)
    secret = client_secret or environment.get("PARTNER_CLIENT_SECRET") or known.get(name)
    if not secret:
        names = ", ".join(sorted(one for one in known if "." not in one)) or "nobody's: run dev"
        raise SimulatorRefused(
            f"no secret for {name}: give --client-secret, set PARTNER_CLIENT_SECRET, or name one of {kept} ({names})"
        )
    key, key_id = signing_key_of(name, known)
    return Credentials(name, secret, environment.get("PARTNER_SIGNING_KEY") or key, key_id)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ArgumentTypeError(f"{text} is not a whole number, 0 or more")
    return int(text)


def _percent(text: str) -> int:
    number = _number(text)
    if number > 100:
        raise ArgumentTypeError(f"{text} is more than 100")
    return number


def _rate(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ArgumentTypeError(f"{text} is not a rate in percent, such as 3.5") from None
