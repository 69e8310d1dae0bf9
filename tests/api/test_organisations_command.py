"""The directory that a CCAS begins with: whom its own documents name."""

from dataclasses import replace
from uuid import uuid4

import pytest
from httpx import AsyncClient

from app.commands import organisations
from app.commands.organisations import named_organisations
from app.commands.tenants import load_tenant, read_rules
from app.domain.organisations import OrganisationKind
from app.domain.permissions import Role
from app.services.organisations import name_key
from app.tenants import directory_file, seed_files
from tests.support import Databases, Staff, add_staff, etag_of, ok

SLUGS = [path.stem for path in seed_files()]


@pytest.mark.parametrize("slug", SLUGS)
def test_every_organisation_has_the_sentence_that_names_it_and_a_name_of_its_own(slug: str) -> None:
    named = named_organisations(slug)
    assert all(one.source.startswith("« ") and one.source.endswith(")") for one in named)
    assert len({name_key(one.name) for one in named}) == len(named) > 0


def test_the_four_documents_name_so_many_of_each_kind() -> None:
    counted = {
        slug: {kind.value: sum(kind in one.kinds for one in named_organisations(slug)) for kind in OrganisationKind}
        for slug in SLUGS
    }
    none = dict.fromkeys((kind.value for kind in OrganisationKind), 0)
    assert counted == {
        "amiens": {**none, "prescriber": 2, "lender": 3, "referral": 2},
        "besancon": {**none, "prescriber": 9, "lender": 4, "referral": 6},
        "fresnes": {**none, "lender": 1, "workshop": 1},
        "toulouse": {**none, "prescriber": 24, "referral": 25, "lender": 1},
    }


async def test_a_ccas_begins_with_them_once_and_what_its_staff_change_stays(
    databases: Databases, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    slug = f"fresnes-{uuid4().hex[:8]}"
    monkeypatch.setattr(organisations, "directory_file", lambda _slug: directory_file("fresnes"))
    named_organisations.cache_clear()
    rules = read_rules(next(path for path in seed_files() if path.stem == "fresnes"))
    own = replace(rules, slug=slug)
    tenant_id = load_tenant(databases.owner_url, own)
    agent = Staff(client, add_staff(databases, tenant_id, "agent", [Role.AGENT]), tenant_id)
    listed = await ok(agent.get("/organisations"))
    assert [one["name"] for one in listed["items"]] == [
        "Finance et Pédagogie", "Parcours Confiance en Nord – Pas de Calais",
    ]  # fmt: skip
    assert all(one["source"] for one in listed["items"])
    path = f"/organisations/{listed['items'][0]['id']}"
    renamed = await ok(agent.patch(path, {"name": "Finances et Pédagogie"}, etag=await etag_of(agent, path)))
    load_tenant(databases.owner_url, own)
    again = await ok(agent.get("/organisations"))
    assert again["items"] == [renamed, listed["items"][1]]
    named_organisations.cache_clear()


def test_a_ccas_without_such_a_file_begins_with_an_empty_directory() -> None:
    assert named_organisations("nobody-knows-it") == ()
