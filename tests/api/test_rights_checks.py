"""The other rights looked at before a loan: each check is kept, the last of a right counts."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.exc import DBAPIError

from app.parameters.codes import codes, label
from tests.support import Ccas, Databases, Json, demand, ok, refused, run_sql


async def file_of(ccas: Ccas) -> str:
    """The path of a request of 3 January 2011."""
    return f"/requests/{(await ok(ccas.agent.post('/requests', demand(ccas))))['id']}"


def found(right: str = "fdaj", **changes: Any) -> Json:
    """The departmental fund for young people was asked on 10 January 2011 and has not answered."""
    return {"right": right, "checked_on": "2011-01-10", "result": "pending", **changes}


async def test_the_last_check_of_a_right_counts_and_those_before_stay(besancon: Ccas) -> None:
    path = await file_of(besancon)
    asked = await ok(besancon.agent.post(f"{path}/rights-checks", found()))
    assert {"latest": True, "account_id": str(besancon.agent.account_id), **found()}.items() <= asked.items()
    told = found(checked_on="2011-02-01", result="mobilised", amount_cents=60_000, note="CAP coiffure")
    await ok(besancon.agent.post(f"{path}/rights-checks", told))
    await ok(besancon.agent.post(f"{path}/rights-checks", found("pole_emploi", result="not_entitled")))
    # Entered last, of a day before: it does not count.
    await ok(besancon.agent.post(f"{path}/rights-checks", found(checked_on="2011-01-05", result="insufficient")))
    for staff in (besancon.agent, besancon.decider, besancon.manager):
        items = (await ok(staff.get(f"{path}/rights-checks")))["items"]
        assert [(item["right"], item["checked_on"], item["result"], item["latest"]) for item in items] == [
            ("fdaj", "2011-01-05", "insufficient", False),
            ("fdaj", "2011-01-10", "pending", False),
            ("pole_emploi", "2011-01-10", "not_entitled", True),
            ("fdaj", "2011-02-01", "mobilised", True),
        ]
    assert (items[-1]["amount_cents"], items[-1]["note"]) == (60_000, "CAP coiffure")


async def test_a_right_that_answers_late_is_recorded_on_a_file_that_is_over(besancon: Ccas) -> None:
    path = await file_of(besancon)
    other_answer = {"kind": "other_right", "given_on": "2011-01-20"}
    closing = {"outcome": "withdrawn", "reason_code": "withdrawn", "other_answer": other_answer}
    await ok(besancon.agent.post(f"{path}/close", closing))
    await ok(besancon.agent.post(f"{path}/rights-checks", found(checked_on="2011-03-01", result="mobilised")))


async def test_who_gives_the_right_may_be_of_the_directory(besancon: Ccas) -> None:
    path = await file_of(besancon)
    caf = await ok(besancon.agent.post("/organisations", {"name": "CAF du Doubs", "kinds": ["referral"]}))
    check = await ok(besancon.agent.post(f"{path}/rights-checks", found("caf", organisation_id=caf["id"])))
    assert check["organisation_id"] == caf["id"]


async def test_what_is_not_a_check_is_refused_and_leaves_nothing(besancon: Ccas, databases: Databases) -> None:
    path = await file_of(besancon)
    for changes, status, code in (
        ({"right": "lottery"}, 422, "invalid"),
        ({"result": "maybe"}, 422, "invalid"),
        ({"amount_cents": 100}, 422, "invalid"),
        ({"amount_cents": 100, "result": "not_entitled"}, 422, "invalid"),
        ({"amount_cents": 0, "result": "mobilised"}, 422, "invalid"),
        ({"checked_on": "2190-01-01"}, 409, "date_in_future"),
        ({"organisation_id": str(uuid4())}, 409, "organisation_unknown"),
    ):
        await refused(besancon.agent.post(f"{path}/rights-checks", found() | changes), status, code)
    await refused(besancon.agent.post(f"/requests/{uuid4()}/rights-checks", found()), 404, "not_found")
    for staff in (besancon.decider, besancon.manager):
        await refused(staff.post(f"{path}/rights-checks", found()), 403, "forbidden")
    assert run_sql(databases, besancon, "select * from rights_checks") == []


async def test_a_check_is_never_changed(besancon: Ccas, databases: Databases) -> None:
    path = await file_of(besancon)
    await ok(besancon.agent.post(f"{path}/rights-checks", found()))
    for statement in ("update rights_checks set result = 'mobilised'", "delete from rights_checks"):
        with pytest.raises(DBAPIError, match="permission denied"):
            run_sql(databases, besancon, statement)


def test_the_rights_that_the_four_ccas_look_at_are_all_in_the_list() -> None:
    assert codes("rights") >= {"mdph", "caf", "retirement_fund", "crous", "cpam", "fdaj", "pole_emploi", "rsa", "aah"}
    assert label("rights", "mdph", "fr").startswith("Aide de la MDPH")
