"""The simulated bank against a running service, round after round."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from httpx import AsyncClient, AsyncHTTPTransport

from app.commands.simulator.bank import Bank
from app.commands.simulator.behaviour import PARIS
from app.commands.simulator.keys import rotate
from app.commands.simulator.listener import Listener, listening, secret_of
from app.commands.simulator.machine import Lossy, Machine, NoAnswer
from app.commands.simulator.scenario import Scenario, Session

_TIMEOUT_SECONDS = 30


def partner_simulator(session: Session, scenario: Scenario) -> int:
    """Plays a bank until its rounds are over, or Ctrl-C; 1 where the last round went unanswered.

    Raises SimulatorRefused, OSError for a port that is taken.
    """
    try:
        return 0 if asyncio.run(_play(session, scenario)) else 1
    except KeyboardInterrupt:
        return 130


async def _play(session: Session, scenario: Scenario) -> bool:
    network = Lossy(AsyncHTTPTransport(), lose_percent=scenario.lose_percent, rng=Random(scenario.seed))  # noqa: S311
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(
            AsyncClient(base_url=session.url, transport=network, timeout=_TIMEOUT_SECONDS)
        )
        bank = Bank(Machine(client, session.credentials), scenario, now=_clock(session.on), say=_say)
        listener = Listener(bank)
        if session.listen is not None:
            address = await stack.enter_async_context(listening(listener, session.listen))
            listener.secrets.append(await secret_of(bank.machine, address))
        return await _rounds(session, bank, listener)


async def _rounds(session: Session, bank: Bank, listener: Listener) -> bool:
    """Whether the last one was answered."""
    done, reads, is_answered = 0, True, True
    while session.rounds is None or done < session.rounds:
        if done:
            await _heard(listener, session.every_seconds)
        listener.heard.clear()
        is_answered = True
        try:
            if reads and not bank.is_down:
                await bank.catch_up()
                reads = session.listen is None  # what happens from now on is delivered
            await bank.act()
            if bank.scenario.rotate:
                await rotate(bank.machine, kept=session.kept)
                _say(f"signs in as {bank.machine.credentials.client_id} from now on")
        except NoAnswer as unanswered:
            is_answered = False
            _say(f"no answer: {unanswered}")
        done += 1
    return is_answered


async def _heard(listener: Listener, seconds: float) -> None:
    """Waits for a delivery, or for the next round."""
    with suppress(TimeoutError):
        await asyncio.wait_for(listener.heard.wait(), seconds)


def _clock(on: date | None) -> Callable[[], datetime]:
    """The bank's clock: the machine's, or one that stands at noon of a day when the bank starts."""
    started = datetime.now(UTC)
    ahead = timedelta(0) if on is None else datetime.combine(on, time(12), PARIS) - started
    return lambda: datetime.now(UTC) + ahead


def _say(told: str) -> None:
    sys.stdout.write(f"{told}\n")
    sys.stdout.flush()
