"""Households and legal representatives, over HTTP."""

from typing import Any
from uuid import uuid4

import pytest

from tests.api.test_people import someone
from tests.support import Ccas, Databases, Json, ok, refused, run_sql


async def person(ccas: Ccas, birth_on: str, **changes: Any) -> str:
    """The identifier of somebody born that day."""
    return str((await ok(ccas.agent.post("/people", someone(ccas, birth_on=birth_on, **changes))))["id"])


async def relate(ccas: Ccas, one: str, kind: str, other: str | None, **told: Any) -> Any:
    """POST of what another is to somebody."""
    body = {"kind": kind, "other_person_id": other, **told}
    return await ccas.agent.post(f"/people/{one}/relations", body)


async def relations(ccas: Ccas, one: str) -> list[tuple[str, str]]:
    """What others are to somebody."""
    items = (await ok(ccas.agent.get(f"/people/{one}/relations")))["items"]
    return [(item["kind"], item["other_person_id"] or item["organisation_id"]) for item in items]


async def guardian(ccas: Ccas, *kinds: str) -> str:
    """An organisation of the directory."""
    body = {"name": f"Association {uuid4().hex[:6]}", "kinds": [*kinds]}
    return str((await ok(ccas.agent.post("/organisations", body)))["id"])


@pytest.mark.parametrize(("kind", "seen"), [("partner", "partner"), ("child", "parent"), ("parent", "child")])
async def test_a_relation_is_read_from_both_sides(besancon: Ccas, kind: str, seen: str) -> None:
    one, other = await person(besancon, "1980-01-01"), await person(besancon, "1981-01-01")
    told = await ok(relate(besancon, one, kind, other, since_on="2005-06-07"))
    assert (told["person_id"], told["kind"], told["other_person_id"]) == (one, kind, other)
    assert (told["since_on"], told["ended_on"]) == ("2005-06-07", None)
    assert await relations(besancon, one) == [(kind, other)]
    assert await relations(besancon, other) == [(seen, one)]


async def test_a_minor_and_a_protected_adult_have_legal_representatives(besancon: Ccas) -> None:
    mother = await person(besancon, "1980-01-01")
    minor = await person(besancon, "1994-05-01", capacity="minor")
    await ok(relate(besancon, minor, "legal_representative", mother, since_on="2011-01-01"))
    assert await relations(besancon, minor) == [("legal_representative", mother)]
    assert await relations(besancon, mother) == [("represented", minor)]
    protected = await person(besancon, "1950-01-01", capacity="guardianship")
    organisation = await guardian(besancon, "guardian")
    await ok(relate(besancon, protected, "legal_representative", None, organisation_id=organisation))
    assert await relations(besancon, protected) == [("legal_representative", organisation)]


async def test_a_household_shares_phone_and_address(besancon: Ccas) -> None:
    shared = {"phone": "0381000000", "email": "foyer@exemple.fr"}
    one, other = await person(besancon, "1980-01-01", **shared), await person(besancon, "1981-01-01", **shared)
    assert (await relate(besancon, one, "partner", other)).status_code == 201


async def test_nobody_is_related_to_themselves(besancon: Ccas) -> None:
    one = await person(besancon, "1980-01-01")
    await refused(relate(besancon, one, "partner", one), 409, "related_to_themselves")
    assert await relations(besancon, one) == []


@pytest.mark.parametrize("other_side", [False, True])
async def test_what_is_known_is_not_told_twice_from_either_side(besancon: Ccas, other_side: bool) -> None:  # noqa: FBT001
    one, other = await person(besancon, "1980-01-01"), await person(besancon, "2001-01-01")
    await ok(relate(besancon, one, "child", other))
    again = relate(besancon, other, "parent", one) if other_side else relate(besancon, one, "child", other)
    await refused(again, 409, "relation_already_known")
    assert await relations(besancon, one) == [("child", other)]


async def test_nobody_is_the_child_of_their_child(besancon: Ccas) -> None:
    one, other = await person(besancon, "1980-01-01"), await person(besancon, "2001-01-01")
    await ok(relate(besancon, one, "child", other))
    await refused(relate(besancon, one, "parent", other), 409, "relation_already_known")


async def test_a_minor_represents_nobody(besancon: Ccas) -> None:
    sister, minor = await person(besancon, "1994-01-02"), await person(besancon, "1996-01-01")
    told = {"since_on": "2012-01-01"}
    await refused(relate(besancon, minor, "legal_representative", sister, **told), 409, "representative_is_minor")
    assert await relations(besancon, minor) == []
    await ok(relate(besancon, minor, "legal_representative", sister, since_on="2012-01-02"))


async def test_who_has_full_capacity_has_no_representative(besancon: Ccas) -> None:
    one, other = await person(besancon, "1980-01-01", capacity="full"), await person(besancon, "1981-01-01")
    await refused(relate(besancon, one, "legal_representative", other), 409, "needs_no_representative")


async def test_among_organisations_a_guardian_alone_represents(besancon: Ccas) -> None:
    protected = await person(besancon, "1950-01-01", capacity="curatorship")
    supplier = await guardian(besancon, "supplier")
    body = {"organisation_id": supplier}
    await refused(relate(besancon, protected, "legal_representative", None, **body), 409, "not_a_guardian")
    problem = await refused(relate(besancon, protected, "partner", None, **body), 422, "invalid")
    assert problem["errors"][0]["code"] == "organisation_only_represents"
    both = relate(besancon, protected, "legal_representative", protected, **body)
    assert (await refused(both, 422, "invalid"))["errors"][0]["code"] == "one_of_two"


async def test_the_other_is_somebody_of_this_ccas(besancon: Ccas, toulouse: Ccas) -> None:
    one, stranger = await person(besancon, "1980-01-01"), await person(toulouse, "1981-01-01")
    for nobody in (stranger, str(uuid4())):
        problem = await refused(relate(besancon, one, "partner", nobody), 409, "applicant_unknown")
        assert problem["field"] == "other_person_id"
        await refused(relate(besancon, nobody, "partner", one), 404, "not_found")


@pytest.mark.parametrize(("since_on", "code"), [("2199-01-01", "date_in_future"), ("1980-12-31", "date_out_of_order")])
async def test_a_relation_begins_when_both_are_born_and_not_tomorrow(besancon: Ccas, since_on: str, code: str) -> None:
    one, other = await person(besancon, "1980-01-01"), await person(besancon, "1981-01-01")
    problem = await refused(relate(besancon, one, "partner", other, since_on=since_on), 409, code)
    assert problem["field"] == "since_on"


async def test_a_relation_ends_once_and_may_begin_again(besancon: Ccas) -> None:
    one, other = await person(besancon, "1980-01-01"), await person(besancon, "1981-01-01")
    told = await ok(relate(besancon, one, "partner", other, since_on="2005-06-07"))
    path = f"/people/{other}/relations/{told['id']}/end"
    await refused(besancon.agent.post(path, {"ended_on": "2005-06-06"}), 409, "date_out_of_order")
    await refused(besancon.agent.post(path, {"ended_on": "2199-01-01"}), 409, "date_in_future")
    ended = await ok(besancon.agent.post(path, {"ended_on": "2010-01-01"}))
    assert (ended["person_id"], ended["ended_on"]) == (other, "2010-01-01")
    await refused(besancon.agent.post(path, {"ended_on": "2010-01-02"}), 409, "relation_ended")
    await ok(relate(besancon, other, "partner", one, since_on="2011-01-01"))
    assert await relations(besancon, one) == [("partner", other)] * 2


async def test_a_relation_is_ended_by_one_of_its_two_ends_alone(besancon: Ccas) -> None:
    one, other, third = [await person(besancon, f"198{year}-01-01") for year in range(3)]
    told = await ok(relate(besancon, one, "partner", other))
    path = f"/people/{third}/relations/{told['id']}/end"
    await refused(besancon.agent.post(path, {"ended_on": "2010-01-01"}), 404, "not_found")


@pytest.mark.parametrize(
    ("columns", "values", "refusal"),
    [
        ("other_person_id, kind", ":one, 'partner'", "two_people"),
        ("kind", "'partner'", "with_one"),
        ("other_person_id, kind", ":other, 'child'", "written_by_the_child"),
        ("other_person_id, kind, since_on, ended_on", ":other, 'parent', '2011-01-02', '2011-01-01'", "ended_after"),
        ("other_person_id, kind", ":other, 'partner'", "uq_person_relations_open"),
    ],
)
async def test_the_database_refuses_what_no_relation_can_be(
    databases: Databases, besancon: Ccas, columns: str, values: str, refusal: str
) -> None:
    one, other = await person(besancon, "1980-01-01"), await person(besancon, "1981-01-01")
    await ok(relate(besancon, other, "partner", one))
    insert = (
        f"insert into person_relations (tenant_id, id, version, person_id, account_id, entered_at, {columns})"  # noqa: S608
        f" values (:tenant, gen_random_uuid(), 1, :one, :account, now(), {values})"
    )
    told: Json = {"tenant": besancon.id, "one": one, "account": besancon.agent.account_id}
    if ":other" in values:
        told["other"] = other
    with pytest.raises(Exception, match=refusal):
        run_sql(databases, besancon, insert, **told)
