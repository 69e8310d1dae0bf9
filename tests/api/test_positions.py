"""Positions of the public accountant: up to which day what was not paid is known."""

from datetime import UTC, datetime, timedelta

from tests.arrears import positioned, running
from tests.support import Ccas, Json, ok, refused


async def seen(ccas: Ccas, loan_id: str, day: str, **query: str) -> tuple[str | None, str, int]:
    """The position, the status and what is late on a day."""
    loan: Json = await ok(ccas.manager.get(f"/loans/{loan_id}", as_of=day, **query))
    return loan["position_on"], loan["status"], loan["overdue_cents"]


async def test_nothing_is_late_before_the_accountant_has_told_anything(besancon: Ccas) -> None:
    loan_id = await running(besancon)
    assert await seen(besancon, loan_id, "2011-12-31") == (None, "running", 0)


async def test_what_falls_due_after_the_position_is_not_known_to_be_late(besancon: Ccas) -> None:
    loan_id = await running(besancon)
    await positioned(besancon, "2011-02-05")
    assert await seen(besancon, loan_id, "2011-02-05") == ("2011-02-05", "running", 0)
    assert await seen(besancon, loan_id, "2011-12-31") == ("2011-02-05", "overdue", 4_500)


async def test_an_earlier_position_told_later_takes_nothing_back(besancon: Ccas) -> None:
    loan_id = await running(besancon)
    await positioned(besancon, "2011-03-05")
    first = (await ok(besancon.agent.get("/positions")))["items"][0]
    await positioned(besancon, "2011-02-05")
    assert await seen(besancon, loan_id, "2011-12-31") == ("2011-03-05", "overdue", 13_000)
    await positioned(besancon, "2011-04-05")
    assert await seen(besancon, loan_id, "2011-12-31") == ("2011-04-05", "overdue", 21_500)
    known = await seen(besancon, loan_id, "2011-12-31", known_at=first["entered_at"])
    assert known == ("2011-03-05", "overdue", 13_000)


async def test_a_position_is_of_a_day_that_has_come(besancon: Ccas) -> None:
    day = (datetime.now(UTC).date() + timedelta(days=2)).isoformat()
    answer = besancon.agent.post("/positions", {"position_on": day, "reference": "Demain"})
    assert (await refused(answer, 409, "date_in_future"))["field"] == "position_on"
    assert (await ok(besancon.agent.get("/positions")))["items"] == []
