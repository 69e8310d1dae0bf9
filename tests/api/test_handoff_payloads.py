"""What exactly a handoff tells, to whom: a golden list of JSON pointers, and the proof of every text that left."""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.domain.handoff_fields import FIELDS
from app.domain.handoff_lifecycle import HandoffKind
from app.domain.permissions import Role
from app.parameters.yaml_file import load_yaml
from app.services import handoff_payloads
from tests import lenders
from tests.api.test_borne_interest import numbered
from tests.api.test_communes import staff_of
from tests.api.test_guarantee_claims import CITY, lent, lost, open_guaranteed
from tests.lenders import SUPPORT_PERSON, authorised, endorsed, handed_over, lender_of, prechecked, sent, taken_in
from tests.support import Ccas, Databases, Json, Staff, etag_of, ok, refused, run_sql

GOLDEN = load_yaml(Path(__file__).parents[1] / "cases" / "handoff_payloads.yaml")
ASKED: Json = {"decision": "more_information", "decided_on": "2018-03-14", "asked": "Le courriel du co-emprunteur"}
SECRET = "TAIRE"
_PLAIN_DEMAND = lenders.demand
WHOLE: Json = {
    "usage_name": "Nom d'usage",
    "phone": "05 00 00 00 00",
    "birth_place": "31555",
    "nationality": "french",
    "sex": "female",
    "education_level": "cap_bep",
    "family_situation": "couple",
    "housing": "tenant",
    "domiciliation": f"{SECRET} association",
    "already_known": True,
    "interpreter_language": f"{SECRET} langue",
    "reading_difficulty": True,
    "resident_since_on": "2010-01-01",
}


def pointers(value: Any, at: str = "") -> Iterator[str]:
    """Every leaf of a JSON value by its pointer, with `*` for the places of lists."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from pointers(inner, f"{at}/{name}")
    elif isinstance(value, list) and value:
        for inner in value:
            yield from pointers(inner, f"{at}/*")
    else:
        yield at


def expected(role: str, place: str, kind: str) -> set[str]:
    """What the golden list says that a role reads in a place: the envelope, and the payload wherever it has one."""
    found: set[str] = set()
    for pointer in GOLDEN["readers"][role][place]:
        if pointer.endswith("/payload"):
            found |= {pointer + inner for inner in GOLDEN["payloads"][kind]}
        elif pointer == "/ficp_query_keys":
            found |= {pointer + inner for inner in GOLDEN["query_keys"][kind]}
        else:
            found.add(pointer)
    return found


async def person(ccas: Ccas, first_names: str) -> Json:
    """Somebody of whom everything is told, who authorises both kinds of handoff of a file."""
    body = {**WHOLE, "first_names": first_names, "birth_name": "Exemple", "birth_on": "1985-07-01",
            "email": f"{first_names.lower()}@example.org", "commune_insee_code": ccas.insee_code}  # fmt: skip
    made = await ok(ccas.agent.post("/people", body))
    await authorised(ccas, made["id"])
    return made


@pytest.fixture
def guaranteed(databases: Databases, client: AsyncClient) -> Ccas:
    return open_guaranteed(databases, client, CITY)


@pytest.fixture
async def maximal(
    databases: Databases, guaranteed: Ccas, monkeypatch: pytest.MonkeyPatch
) -> tuple[Ccas, dict[str, Json]]:
    """One handoff of each kind with all that there may be in it; what no lender needs says so by its words."""
    budget = {
        "resources": [{"kind": "wage", "label": f"{SECRET} employeur", "amount_cents": 120_000}],
        "charges": [
            {"kind": "rent", "label": f"{SECRET} bailleur", "amount_cents": 40_000},
            {"kind": "debt_instalments", "label": f"{SECRET} dette", "amount_cents": 1_000,
             "outstanding_cents": 9_000, "ends_on": "2019-01-01"},
        ],
        "assessed_capacity_cents": 300_000,
    }  # fmt: skip
    monkeypatch.setattr(lenders, "BUDGET", budget)
    ccas, bank = guaranteed, lender_of(databases, guaranteed)
    one, two = await person(ccas, "Camille"), await person(ccas, "Sacha")
    whole = {"applicant": None, "applicant_id": one["id"], "co_applicant_id": two["id"],
             "prescriber": f"{SECRET} prescripteur", "channel": "prescriber",
             "project_description": f"{SECRET} description"}  # fmt: skip
    monkeypatch.setattr(lenders, "demand", lambda ccas, **changes: _demand(ccas, whole | changes))
    request = await endorsed(ccas, bank, 300_000, 36)
    (precheck,) = (await ok(ccas.agent.get("/handoffs", request_id=request["id"])))["items"]
    note = {"text": f"{SECRET} note", "visibility": "shared"}
    await ok(ccas.agent.post(f"/requests/{request['id']}/notes", note))
    reason = {"choice_reason": f"{SECRET} raison"}
    loan_file = await handed_over(ccas, request["id"], "loan_file", "2018-03-13", **reason)
    await ok(bank.post(f"/partner/handoffs/{loan_file['id']}/acknowledgements", {"reference": "CM-1"}))
    await ok(bank.post(f"/partner/handoffs/{loan_file['id']}/answers", ASKED))
    path = f"/people/{two['id']}"
    await ok(ccas.agent.patch(path, {"email": "nouveau@example.org"}, etag=await etag_of(ccas.agent, path)))
    completion = {"note": "Le voici", "resend": True}
    await ok(ccas.agent.post(f"/handoffs/{loan_file['id']}/completions", completion))
    monkeypatch.undo()
    _, _, loan_id = await lent(databases, ccas)
    claim, statement = await lost(ccas, loan_id), await numbered(ccas, 2018, 5)
    support = {"support_person": SUPPORT_PERSON}
    return ccas, {
        "precheck": precheck,
        "loan_file": loan_file,
        "guarantee_claim": await ok(ccas.agent.post(f"/guarantee-claims/{claim['id']}/handoffs", support)),
        "interest_statement": await ok(ccas.agent.post(f"/borne-interest/statements/{statement['id']}/handoffs", {})),
    }


def _demand(ccas: Ccas, changes: Json) -> Json:
    made = _PLAIN_DEMAND(ccas, **changes)
    del made["applicant"]
    return made


async def test_each_reader_is_told_what_the_golden_list_says_and_nothing_else(
    databases: Databases, maximal: tuple[Ccas, dict[str, Json]]
) -> None:
    ccas, handoffs = maximal
    readers: dict[str, tuple[Staff, str]] = {
        "partner": (lender_of(databases, ccas), "/partner/handoffs"),
        "agent": (ccas.agent, "/handoffs"),
        "decider": (ccas.decider, "/handoffs"),
        "manager": (ccas.manager, "/handoffs"),
    }
    assert set(GOLDEN["payloads"]) == set(handoffs) == {kind.value for kind in HandoffKind}
    assert set(GOLDEN["readers"]) == {*readers, "officer"}
    for role, (reader, path) in readers.items():
        listed = {item["id"]: item for item in (await ok(reader.get(path, limit=100)))["items"]}
        for kind, handoff in handoffs.items():
            told = await ok(reader.get(f"{path}/{handoff['id']}"))
            assert set(pointers(told)) == expected(role, "one", kind), (role, kind)
            assert set(pointers(listed[handoff["id"]])) == expected(role, "list", kind), (role, kind)


async def test_an_officer_is_told_by_a_link_what_the_golden_list_says_and_nothing_else(
    client: AsyncClient, maximal: tuple[Ccas, dict[str, Json]]
) -> None:
    ccas, handoffs = maximal
    for kind, handoff in handoffs.items():
        link = await ok(ccas.agent.post(f"/handoffs/{handoff['id']}/links", {"officer": "Dominique Modèle"}))
        told = await ok(client.get(link["path"]))
        assert set(pointers(told)) == expected("officer", "one", kind), kind


async def test_the_golden_list_of_payloads_is_the_allow_list(maximal: tuple[Ccas, dict[str, Json]]) -> None:
    ccas, handoffs = maximal
    for kind, handoff in handoffs.items():
        told = await ok(ccas.agent.get(f"/handoffs/{handoff['id']}"))
        assert set(pointers(told["payload"])) == set(FIELDS[HandoffKind(kind)]) == set(GOLDEN["payloads"][kind])


async def test_no_word_that_an_agent_typed_reaches_the_lender(
    databases: Databases, maximal: tuple[Ccas, dict[str, Json]]
) -> None:
    ccas, handoffs = maximal
    bank = lender_of(databases, ccas)
    texts = [(await bank.get(f"/partner/handoffs/{handoff['id']}")).text for handoff in handoffs.values()]
    texts.append((await bank.get("/partner/handoffs", limit=100)).text)
    assert not any(SECRET in text for text in texts)
    assert not any(word in text for text in texts for word in ("french", "cap_bep", "female", "prescriber"))


async def test_the_desk_reads_no_handoff(databases: Databases, maximal: tuple[Ccas, dict[str, Json]]) -> None:
    ccas, handoffs = maximal
    desk = staff_of(databases, ccas, ccas.insee_code, roles=(Role.DESK,))
    await refused(desk.get("/handoffs"), 403, "forbidden")
    for handoff in handoffs.values():
        await refused(desk.get(f"/handoffs/{handoff['id']}"), 403, "forbidden")
        await refused(desk.get(f"/partner/handoffs/{handoff['id']}"), 403, "forbidden")


async def test_what_is_not_listed_never_leaves(
    databases: Databases, toulouse: Ccas, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await taken_in(toulouse)
    monkeypatch.setattr(handoff_payloads, "_IDENTITY", ("birth_name", "family_situation"))
    body = {"kind": "precheck", "support_person": SUPPORT_PERSON, "sent_on": "2018-03-02"}
    response = await toulouse.agent.post(f"/requests/{request['id']}/handoffs", body)
    assert (response.status_code, "family_situation" in response.text) == (500, False)
    assert (await ok(toulouse.agent.get("/handoffs")))["items"] == []
    assert (await ok(lender_of(databases, toulouse).get("/partner/handoffs")))["items"] == []
    assert run_sql(databases, toulouse, "select count(*) as kept from handoff_payloads")[0]["kept"] == 0


@pytest.mark.parametrize(
    ("safe_contact", "phone", "email"),
    [(None, True, True), ("phone", True, False), ("text_message", True, False), ("email", False, True),
     ("mail", False, False), ("social_referent", False, False), ("desk", False, False)],
)  # fmt: skip
async def test_a_lender_is_given_no_way_to_a_person_that_is_not_safe(
    amiens: Ccas,
    safe_contact: str | None,
    phone: bool,  # noqa: FBT001 - a parameter
    email: bool,  # noqa: FBT001 - a parameter
) -> None:
    request = await endorsed(amiens, None, 200_000, 24)
    path = f"/people/{request['applicant_id']}"
    ways = {"phone": "05 00 00 00 00", "email": "camille@example.org", "safe_contact": safe_contact}
    await ok(amiens.agent.patch(path, ways, etag=await etag_of(amiens.agent, path)))
    applicant = (await handed_over(amiens, request["id"], "loan_file", "2018-03-13"))["payload"]["applicant"]
    assert (applicant["phone"] is not None, applicant["email"] is not None) == (phone, email)
    assert "safe_contact" not in applicant


# The proof.


def rfc8785(value: Any) -> str:
    """The canonical text of a JSON value, written by the book for what may occur: no fraction ever does."""
    if isinstance(value, dict):
        ordered = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{rfc8785(name)}:{rfc8785(value[name])}" for name in ordered) + "}"
    if isinstance(value, list):
        return "[" + ",".join(rfc8785(inner) for inner in value) + "]"
    if isinstance(value, str):
        short = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}
        return '"' + "".join(short.get(ord(c), c if ord(c) > 31 else f"\\u{ord(c):04x}") for c in value) + '"'
    words = {"True": "true", "False": "false", "None": "null"}
    return words.get(str(value), str(value))


async def test_a_partner_computes_the_hash_of_what_it_reads_and_the_bytes_kept_have_it(
    databases: Databases, maximal: tuple[Ccas, dict[str, Json]]
) -> None:
    ccas, handoffs = maximal
    bank = lender_of(databases, ccas)
    for handoff in handoffs.values():
        told = await ok(bank.get(f"/partner/handoffs/{handoff['id']}"))
        text = rfc8785(told["payload"])
        assert sha256(text.encode("utf-8")).hexdigest() == told["payload_sha256"]
        *_, last = run_sql(
            databases,
            ccas,
            "select convert_to(text, 'UTF8') as bytes, payload_sha256 from handoff_payloads"
            " where handoff_id = :id order by number",
            id=handoff["id"],
        )
        assert bytes(last["bytes"]) == text.encode("utf-8")
        assert last["payload_sha256"] == told["payload_sha256"]


async def test_the_proof_is_only_ever_added_to_and_is_its_own_hash(databases: Databases, toulouse: Ccas) -> None:
    handoff = await handed_over(toulouse, (await taken_in(toulouse))["id"], "precheck", "2018-03-02")
    for statement in (
        "update handoff_payloads set text = 'x'",
        "delete from handoff_payloads",
        "update handoff_transitions set note = 'x'",
        "delete from handoff_transitions",
    ):
        with pytest.raises(DBAPIError, match="only ever added to"):
            run_sql(databases, toulouse, statement, as_owner=True)
    forged = (
        "insert into handoff_payloads (tenant_id, id, handoff_id, number, text, payload_sha256, entered_at)"
        " values (:tenant_id, gen_random_uuid(), :id, 2, '{}', :hash, now())"
    )
    with pytest.raises(IntegrityError, match="hash_of_the_text"):
        run_sql(databases, toulouse, forged, tenant_id=toulouse.id, id=handoff["id"], hash=handoff["payload_sha256"])


# Once more is asked for.


async def test_what_changed_since_is_handed_over_once_more_beside_the_first(databases: Databases, amiens: Ccas) -> None:
    bank = lender_of(databases, amiens)
    handoff = await sent(amiens, None, 200_000, 24)
    path = f"/handoffs/{handoff['id']}"
    await ok(bank.post(f"/partner{path}/answers", ASKED))
    request = await ok(amiens.agent.get(f"/requests/{handoff['request_id']}"))
    person_path = f"/people/{request['applicant_id']}"
    change = {"birth_place": "80021", "email": "camille@example.org"}
    await ok(amiens.agent.patch(person_path, change, etag=await etag_of(amiens.agent, person_path)))
    assert (await ok(bank.get(f"/partner{path}")))["payload"] == handoff["payload"]

    completion = {"note": "Courriel et lieu de naissance", "resend": True}
    completed = await ok(amiens.agent.post(f"{path}/completions", completion))
    assert (completed["status"], completed["payload"]["applicant"]["birth_place"]) == ("in_progress", "80021")
    first, second = completed["payloads"]
    assert (first["number"], first["payload"]) == (1, handoff["payload"])
    assert first["payload_sha256"] == handoff["payload_sha256"] != completed["payload_sha256"]
    assert (second["number"], second["payload"], second["payload_sha256"]) == (
        2,
        completed["payload"],
        completed["payload_sha256"],
    )
    told = await ok(bank.get(f"/partner{path}"))
    assert (told["payload"], told["payload_sha256"]) == (completed["payload"], completed["payload_sha256"])
    assert "payloads" not in told
    (listed,) = (await ok(bank.get("/partner/handoffs")))["items"]
    assert listed["payload_sha256"] == completed["payload_sha256"]


async def test_nothing_is_sent_again_where_nothing_changed_or_nothing_was_asked(
    databases: Databases, amiens: Ccas
) -> None:
    bank = lender_of(databases, amiens)
    handoff = await sent(amiens, None, 200_000, 24)
    path = f"/handoffs/{handoff['id']}"
    again = {"note": "Encore", "resend": True}
    await refused(amiens.agent.post(f"{path}/completions", again), 409, "illegal_transition")
    await ok(bank.post(f"/partner{path}/answers", ASKED))
    await refused(amiens.agent.post(f"{path}/completions", again), 409, "payload_unchanged")
    await refused(amiens.agent.post(f"{path}/completions", {**again, "resend": "true"}), 422, "invalid")
    read = await ok(amiens.agent.get(path))
    assert (read["status"], [one["number"] for one in read["payloads"]]) == ("more_information", [1])
    assert (await ok(amiens.agent.post(f"{path}/completions", {"note": "Rien de neuf"})))["status"] == "in_progress"


async def test_nothing_more_is_sent_once_the_authorisation_was_withdrawn(databases: Databases, amiens: Ccas) -> None:
    bank = lender_of(databases, amiens)
    handoff = await sent(amiens, None, 200_000, 24)
    await ok(bank.post(f"/partner/handoffs/{handoff['id']}/answers", ASKED))
    request = await ok(amiens.agent.get(f"/requests/{handoff['request_id']}"))
    path = f"/people/{request['applicant_id']}/authorisations"
    (given,) = (await ok(amiens.agent.get(path)))["items"]
    await ok(amiens.agent.post(f"{path}/{given['id']}/withdrawal", {"withdrawn_on": "2018-03-15"}))
    completion = amiens.agent.post(f"/handoffs/{handoff['id']}/completions", {"note": "x", "resend": True})
    await refused(completion, 409, "authorisation_missing")


async def test_a_precheck_keeps_its_text_while_its_lender_may_correct_it(databases: Databases, toulouse: Ccas) -> None:
    bank = lender_of(databases, toulouse)
    handoff = await prechecked(toulouse, bank, await taken_in(toulouse), "unfavorable")
    told = await ok(bank.get(f"/partner/handoffs/{handoff['id']}"))
    assert (told["status"], told["payload"]) == ("refused", handoff["payload"])
    assert json.dumps(told["payload"]).count("Exemple") == 1
