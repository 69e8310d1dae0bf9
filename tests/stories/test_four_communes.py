"""Fresnes: four communes under one tenant, and one agent who works for the four."""

from tests.lenders import taken_in
from tests.support import Ccas, demand, ok, refused

COMMUNES = {"59253": "Fresnes-sur-Escaut", "59153": "Condé-sur-l'Escaut", "59207": "Escautpont", "59616": "Vieux-Condé"}


async def test_one_agent_takes_in_the_demands_of_the_four_communes(fresnes: Ccas) -> None:
    tenant = await ok(fresnes.agent.get(f"/tenants/{fresnes.slug}"))
    assert tenant["kind"] == "intercommunal"
    assert {commune["insee_code"]: commune["name"] for commune in tenant["communes"]} == COMMUNES
    assert (await ok(fresnes.agent.get("/me")))["commune_insee_codes"] == sorted(COMMUNES)

    of_commune = {}
    for code in COMMUNES:
        person = {**demand(fresnes)["applicant"], "commune_insee_code": code}
        of_commune[code] = await taken_in(fresnes, commune_insee_code=code, applicant=person)

    for code, request in of_commune.items():
        assert request["commune_insee_code"] == code
        found = await ok(fresnes.agent.get("/requests", commune_insee_code=code))
        assert [item["id"] for item in found["items"]] == [request["id"]]
    everything = await ok(fresnes.agent.get("/requests"))
    assert len(everything["items"]) == len(COMMUNES)


async def test_a_commune_outside_the_four_is_not_served(fresnes: Ccas) -> None:
    problem = await refused(
        fresnes.agent.post("/requests", demand(fresnes, commune_insee_code="80021")), 409, "commune_not_served"
    )
    assert problem["insee_code"] == "80021"
