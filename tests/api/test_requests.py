"""Requests over HTTP: taken in, described, moved, closed with another answer."""

from tests.support import Ccas, demand, ok


async def test_a_demand_is_taken_in_under_the_rules_of_the_day_it_was_received(besancon: Ccas) -> None:
    request = await ok(besancon.agent.post("/requests", demand(besancon)))
    assert request["status"] == "intake"
    assert request["rules_version"] == 2
    assert request["reference"] == "D-2011-0001"
    assert await ok(besancon.agent.get(f"/requests/{request['id']}")) == request
