"""One's own files found again by words of them."""

from typing import Any

import pytest

from app.services.people import plain
from app.services.search import sought_words
from tests.api.test_communes import staff_of
from tests.support import Ccas, Databases, Json, Staff, demand, etag_of, ok, run_sql


async def found(staff: Staff, q: str, **query: Any) -> list[str]:
    """The references found, newest first."""
    return [item["reference"] for item in (await ok(staff.get("/requests", q=q, **query)))["items"]]


async def filed(ccas: Ccas, applicant: Json | None = None, **changes: Any) -> Json:
    """A demand by someone of those names."""
    who = {**demand(ccas)["applicant"], **(applicant or {})}
    return await ok(ccas.agent.post("/requests", demand(ccas, applicant=who, **changes)))


async def person(ccas: Ccas, **fields: Any) -> str:
    """The identifier of someone."""
    return str((await ok(ccas.agent.post("/people", {**demand(ccas)["applicant"], **fields})))["id"])


@pytest.mark.parametrize(
    "q",
    [
        *("Lefevre", "LEFÈVRE", "zoe", "Zoé Lefèvre", "lef zo", "haute", "saint-é", "ete"),
        *("06 12 34 56 78", "0612345678", "+33 6 12 34 56 78", "06.12.34", "0033612345678"),
        *("D-2011-0001", "d-2011-0001", "soudeur", "formation", "training", "l'usine", "Usine Formation zoé", "(soud"),
        *("assistante", "Mme Martin", "mission loc", "LOCALE", "martin mission 2011"),
    ],
)
async def test_a_file_is_found_by_the_beginning_of_any_of_its_words_in_any_order(besancon: Ccas, q: str) -> None:
    organisation = {"name": "Mission locale du Bassin", "kinds": ["prescriber"]}
    prescriber = await ok(besancon.agent.post("/organisations", organisation))
    wanted = await filed(
        besancon,
        {
            "first_names": "Zoé",
            "birth_name": "Saint-Été",
            "usage_name": "Lefèvre d’Haute-Rive",
            "phone": "+33 6 12 34 56 78",
        },
        purpose="training",
        project_description="Devenir soudeur à l’usine",
        prescriber="Mme Martin, assistante sociale",
        prescriber_id=prescriber["id"],
    )
    await filed(besancon, {"first_names": "Louis", "birth_name": "Autre", "phone": "06 99 99 99 99"})
    assert await found(besancon.agent, q) == [wanted["reference"]]


@pytest.mark.parametrize("q", ["efevre", "zoe inconnu", "zoe%", "_oe", "'", "- -", "…", "0612345679"])
async def test_what_begins_no_word_of_a_file_finds_nothing(besancon: Ccas, q: str) -> None:
    await filed(besancon, {"first_names": "Zoé", "birth_name": "Lefèvre", "phone": "0612345678"}, purpose="training")
    assert await found(besancon.agent, q) == []


async def test_the_co_applicant_finds_the_file_too_and_each_word_may_be_of_another(besancon: Ccas) -> None:
    partner = await person(besancon, first_names="Inès", birth_name="Ferrand")
    wanted = await filed(besancon, co_applicant_id=partner, project_description="Un scooter")
    for q in ("ferrand", "ines camille", "scooter ferrand exemple"):
        assert await found(besancon.agent, q) == [wanted["reference"]]


async def test_a_file_with_more_than_one_reason_to_be_found_is_shown_once(besancon: Ccas) -> None:
    partner = await person(besancon, first_names="Camille", birth_name="Camille")
    wanted = await filed(besancon, co_applicant_id=partner, project_description="Camille et Camille")
    assert await found(besancon.agent, "camille") == [wanted["reference"]]


async def test_files_are_found_newest_first_page_after_page_among_other_filters(besancon: Ccas) -> None:
    references = [(await filed(besancon))["reference"] for _ in range(4)]
    await filed(besancon, {"first_names": "Louis"})
    seen, cursor = [], {}
    while True:
        page = await ok(besancon.agent.get("/requests", q="camille", limit=1, **cursor))
        seen += [item["reference"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == references[::-1]
    assert await found(besancon.agent, "camille", status="submitted") == []


async def test_what_changes_is_found_under_its_new_words_and_leaves_no_trace_of_the_old(
    besancon: Ccas, databases: Databases
) -> None:
    request = await filed(besancon, {"usage_name": "Ancienne", "phone": "0611111111"})
    file, who = f"/requests/{request['id']}", f"/people/{request['applicant_id']}"
    change = {"project_description": "Un vélo", "purpose": "scooter", "prescriber": "La Croix-Rouge"}
    await ok(besancon.agent.patch(file, change, etag=await etag_of(besancon.agent, file)))
    renamed = {"usage_name": None, "phone": "0622222222"}
    await ok(besancon.agent.patch(who, renamed, etag=await etag_of(besancon.agent, who)))
    for q in ("velo", "scooter", "croix", "0622222222", "camille exemple"):
        assert await found(besancon.agent, q) == [request["reference"]], q
    for q in ("ancienne", "voiture", "vehicule", "0611111111"):
        assert await found(besancon.agent, q) == [], q
    kept = {row["word"] for row in run_sql(databases, besancon, "select word from search_words")}
    assert kept.isdisjoint({"ancienne", "voiture", "0611111111", ":vehicle_purchase"})


async def test_the_files_of_someone_merged_are_found_under_both_names_until_that_is_taken_back(
    besancon: Ccas,
) -> None:
    request = await filed(besancon, {"birth_name": "Doublon"})
    kept = await person(besancon, birth_name="Gardée")
    merges = f"/people/{kept}/merges"
    merge = await ok(besancon.agent.post(merges, {"merged_id": request["applicant_id"], "reason": "Saisie deux fois"}))
    assert await found(besancon.agent, "gardee") == [request["reference"]]
    assert await found(besancon.agent, "doublon") == [request["reference"]]
    await ok(besancon.agent.post(f"{merges}/{merge['id']}/reversal", {"reason": "Deux personnes"}))
    assert await found(besancon.agent, "doublon") == [request["reference"]]
    assert await found(besancon.agent, "gardee") == []


async def test_an_organisation_that_changes_its_name_still_finds_those_it_sent(besancon: Ccas) -> None:
    organisation = await ok(besancon.agent.post("/organisations", {"name": "Ancien nom", "kinds": ["prescriber"]}))
    request = await filed(besancon, prescriber_id=organisation["id"])
    path = f"/organisations/{organisation['id']}"
    await ok(besancon.agent.patch(path, {"name": "Relais d’Insertion"}, etag=await etag_of(besancon.agent, path)))
    assert await found(besancon.agent, "relais insertion") == [request["reference"]]
    assert await found(besancon.agent, "ancien") == []


async def test_another_ccas_finds_nothing(besancon: Ccas, toulouse: Ccas) -> None:
    request = await filed(besancon, {"birth_name": "Lefèvre"})
    assert await found(toulouse.agent, "lefevre") == []
    assert await found(toulouse.agent, request["reference"]) == []


async def test_an_agent_of_one_commune_finds_the_files_of_that_commune_alone(
    fresnes: Ccas, databases: Databases
) -> None:
    communes = run_sql(databases, fresnes, "select communes from tenants where id = :id", id=fresnes.id)
    codes = [commune["insee_code"] for commune in communes[0]["communes"]][:2]
    references = [(await filed(fresnes, commune_insee_code=code))["reference"] for code in codes]
    narrowed = staff_of(databases, fresnes, codes[0])
    assert await found(narrowed, "camille") == [references[0]]
    assert await found(fresnes.agent, "camille") == references[::-1]


async def test_a_word_that_more_files_have_than_are_looked_at_first_is_found_all_the_same(
    besancon: Ccas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.search._COMMON", 1)
    references = [(await filed(besancon))["reference"] for _ in range(3)]
    other = await filed(besancon, {"first_names": "Louis"})
    assert await found(besancon.agent, "camille") == references[::-1]
    assert await found(besancon.agent, "camille exemple voiture") == references[::-1]
    assert await found(besancon.agent, "louis exemple") == [other["reference"]]


async def test_a_very_long_word_is_found_by_its_beginning_and_a_long_text_has_all_its_words(besancon: Ccas) -> None:
    words = " ".join(f"mot{number:04}" for number in range(450))
    request = await filed(besancon, project_description=f"{'é' * 400} {words}")
    for q in ("e" * 60, "mot0449", "mot0000 eeee"):
        assert await found(besancon.agent, q) == [request["reference"]]


@pytest.mark.parametrize(
    "said",
    [
        *("Éléonore-Dupré", "L’Hôte", "Straße STRAẞE", "Œuvré œuvre Æsop æsop", "Øster øst", "Łódź Đorđe", "İnci"),
        *(
            "Anai\u0308s",
            "«à l’usine» – (demain) ; oui/non ?",
            "Jean\u00a0Marc\u202fLe\tBrun\nDit",
            "ﬁn",
            "½",
            "a" * 50,
        ),
    ],
)
async def test_the_database_reads_words_as_the_service_does(besancon: Ccas, databases: Databases, said: str) -> None:
    (row,) = run_sql(databases, besancon, "select words_of(:said) as words", said=said)
    assert {word for word in row["words"] if not any(w != word and w.startswith(word) for w in row["words"])} == set(
        sought_words(said)
    )
    (again,) = run_sql(databases, besancon, "select words_of(:said) as words", said=plain(said))
    assert sorted(again["words"]) == sorted(row["words"])


async def test_words_are_looked_up_in_an_index_behind_the_policy_of_the_tenant(
    besancon: Ccas, databases: Databases
) -> None:
    await filed(besancon)
    query = (
        "explain select id from search_words where tenant_id = :id and source = 'person'"
        " and word >= 'cam' and word < 'cam' || chr(1114111)"
    )
    plan = "\n".join(str(row["QUERY PLAN"]) for row in run_sql(databases, besancon, query, id=besancon.id))
    assert "Index Cond" in plan
    assert ">= 'cam'" in plan.partition("Index Cond")[2].partition("\n")[0]
