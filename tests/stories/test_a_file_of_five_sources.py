"""Besançon, 2011: a young person's training paid from five sources, from the first contact to the contract.

« 3 100 € apport personnel et familial + FDAJ 600 € + Secours aide au projet 300 € + Microcrédit de 1 300 € sur 12
mois » (case G19). The report does not part the 3 100 €; how they part, the names and the days are assumed.
"""

from tests.support import ATTESTED, Ccas, Json, Staff, attestation, etag_of, ok, refused

COST = 530_000
OWN, FAMILY, FDAJ, GRANT, LOAN = 110_000, 200_000, 60_000, 30_000, 130_000


def plan(fdaj_id: str, *, fdaj_status: str = "confirmed", own: int = OWN) -> Json:
    """The five sources."""
    return {
        "lines": [
            {"label": "Apport personnel", "kind": "own", "amount_cents": own, "status": "confirmed"},
            {"label": "Apport familial", "kind": "family", "amount_cents": FAMILY, "status": "confirmed"},
            {"label": "FDAJ", "kind": "third_party", "amount_cents": FDAJ, "fund": "FDAJ", "status": fdaj_status,
             "organisation_id": fdaj_id},
            {"label": "Secours aide au projet", "kind": "grant", "amount_cents": GRANT},
            {"label": "Microcrédit", "kind": "loan", "amount_cents": LOAN},
        ]
    }  # fmt: skip


async def organisation(agent: Staff, name: str, kind: str) -> str:
    """The identifier of an organisation of the directory."""
    return str((await ok(agent.post("/organisations", {"name": name, "kinds": [kind]})))["id"])


async def put(agent: Staff, path: str, part: str, body: Json) -> Json:
    """A new revision of a part of the file."""
    return await ok(agent.put(f"{path}/{part}", body, etag=await etag_of(agent, path)))


async def test_a_training_paid_from_five_sources_from_contact_to_contract(besancon: Ccas) -> None:
    """« boucler certains plans de financement »: own money, the family, the FDAJ, a grant, and a loan for the rest."""
    agent = besancon.agent
    assert OWN + FAMILY + FDAJ + GRANT + LOAN == COST
    mission = await organisation(agent, "Mission Locale", "prescriber")
    fund = await organisation(agent, "Fonds départemental d'aide aux jeunes", "referral")

    # February: the Mission Locale sends a young person, who is counted before any demand.
    sheet = {
        "first_names": "Sacha", "birth_name": "Exemple", "birth_on": "1990-05-04",
        "commune_insee_code": besancon.insee_code,
        "household": {"adults": 1, "minor_children": 0},
        "situations": ["student", "part_time"],
        "project_description": "Formation CAP coiffure", "project_cost_cents": COST, "requested_amount_cents": LOAN,
    }  # fmt: skip
    call = {"contacted_on": "2011-02-07", "channel": "prescriber", "prescriber_id": mission, "purpose": "training",
            "commune_insee_code": besancon.insee_code, "sheet": sheet}  # fmt: skip
    contact = await ok(agent.post("/contacts", call))
    assert (contact["status"], contact["request_id"]) == ("open", None)
    rest = {"applicant": {"education_level": "unqualified", "housing": "family_home"}, "received_on": "2011-02-09"}
    became = await ok(agent.post(f"/contacts/{contact['id']}/request", rest))
    path = f"/requests/{became['request_id']}"
    request = await ok(agent.get(path))
    assert (request["prescriber_id"], request["received_on"]) == (mission, "2011-02-09")
    assert request["situations"] == ["student", "part_time"]

    # The other rights first: « mobiliser les dispositifs de droits communs, les aides diverses ».
    checks: Json = {"fdaj": {"result": "pending"}, "pole_emploi": {"result": "not_entitled"}}
    for right, found in checks.items():
        await ok(agent.post(f"{path}/rights-checks", {"right": right, "checked_on": "2011-02-14", **found}))
    for fact in ATTESTED:
        await ok(agent.post(f"{path}/attestations", attestation(fact, attested_on="2011-02-14")))
    await ok(agent.post(f"{path}/assess", {"assessed_on": "2011-02-14"}))
    budget = {"resources": [{"kind": "wage", "amount_cents": 45_000}, {"kind": "other", "amount_cents": 20_000}],
              "charges": [{"kind": "transport", "amount_cents": 6_000}],
              "assessed_capacity_cents": 12_000, "as_of_on": "2011-02-14"}  # fmt: skip
    assert (await put(agent, path, "budget", budget))["left_to_live_cents"] == 59_000
    projection = await ok(
        agent.get(f"{path}/budget/projection", amount_cents=LOAN, duration_months=12, first_due_on="2011-05-05")
    )
    assert [
        (one["months"], one["instalment_cents"], one["left_to_live_after_cents"]) for one in projection["periods"]
    ] == [
        (11, 10_900, 48_100),
        (1, 10_100, 48_900),
    ]

    # March: the FDAJ answers, and the plan adds up to the cent or does not leave.
    await put(agent, path, "financing-plan", plan(fund, fdaj_status="expected"))
    answer = {"right": "fdaj", "organisation_id": fund, "checked_on": "2011-03-04", "result": "mobilised",
              "amount_cents": FDAJ}  # fmt: skip
    await ok(agent.post(f"{path}/rights-checks", answer))
    rights = (await ok(agent.get(f"{path}/rights-checks")))["items"]
    assert {one["right"]: (one["result"], one["amount_cents"]) for one in rights if one["latest"]} == {
        "fdaj": ("mobilised", 60_000),
        "pole_emploi": ("not_entitled", None),
    }
    for cents in (-1, 1):
        assert (await put(agent, path, "financing-plan", plan(fund, own=OWN + cents)))["balanced"] is False
        problem = await refused(agent.post(f"{path}/submit", {"submitted_on": "2011-03-07"}), 409, "plan_unbalanced")
        assert problem["total_cents"] == COST + cents
    told = await put(agent, path, "financing-plan", plan(fund))
    assert [(line["kind"], line["amount_cents"]) for line in told["lines"]] == [
        ("own", 110_000), ("family", 200_000), ("third_party", 60_000), ("grant", 30_000), ("loan", 130_000),
    ]  # fmt: skip
    assert (told["total_cents"], told["project_cost_cents"], told["balanced"]) == (COST, COST, True)
    await ok(agent.post(f"{path}/submit", {"submitted_on": "2011-03-07"}))
    locked = agent.put(f"{path}/financing-plan", plan(fund), etag=await etag_of(agent, path))
    await refused(locked, 409, "request_locked")

    terms = {"amount_cents": LOAN, "duration_months": 12}
    body = {"outcome": "approve", "loan": terms, "grant_cents": GRANT, "decided_on": "2011-03-17",
            "signatory": "La Conseillère municipale déléguée"}  # fmt: skip
    decision = await ok(besancon.decider.post(f"{path}/decisions", body))
    assert (decision["grant_cents"], decision["loan"]["instalment_cents"], decision["breaches"]) == (30_000, 10_900, [])

    # April: the contract. The written commitment is gone: « contractualisée oralement ».
    loan = await ok(agent.post(f"{path}/loans", {"offered_on": "2011-03-21", "first_due_on": "2011-05-05"}))
    for party in ("borrower", "ccas"):
        await ok(agent.post(f"/loans/{loan['id']}/signatures", {"party": party, "signed_on": "2011-04-04"}))
    assert (await ok(agent.get(path)))["status"] == "contracted"
    support = {"form": "oral", "agreed_on": "2011-04-04", "actions_planned": ["budget_follow_up"]}
    contract = await ok(agent.post(f"/loans/{loan['id']}/support-contracts", support))
    rows = (await ok(agent.get(f"/loans/{loan['id']}/schedule")))["rows"]
    assert [row["total_cents"] for row in rows] == [10_900] * 11 + [10_100]
    assert contract["ends_on"] == rows[-1]["due_on"] == "2012-04-05"
    assert (await ok(agent.get(f"{path}/financing-plan")))["total_cents"] == COST
