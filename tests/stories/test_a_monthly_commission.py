"""A monthly commission at Besançon: twelve items, from the convocation to the minutes, the letters and the money.

Its rules are Besançon's of October 2011, to which those of its commission are added: a quorum of three, no votes kept,
everything decided in session but for the fast track, which the session ratifies.
"""

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient

from app.domain.committees import CommissionRule, VoteKeeping
from app.domain.notices import FastTrackNotice
from tests.api.test_documents import money, printed
from tests.documents.samples import text_of
from tests.lenders import rules_under
from tests.stories.test_besancon_journeys import CHAIR, Journey, line
from tests.support import Ccas, Databases, Json, ok, open_with, refused

AHEAD_ON, CONVENED_ON, HELD_ON, NEXT_ON = "2012-03-08", "2012-03-09", "2012-03-15", "2012-04-19"
NAMED: Json = {
    "body": "Commission Parcours Projet",
    "signatory_capacity": "Présidente de la commission",
    "delegation_reference": "Délibération du 14 décembre 2009",
}
MEMBERS = ("La Conseillère municipale déléguée", "Un administrateur", "Une administratrice", "Le vice-président")
VOICE = "La cheffe de service"
# The names of who asks, that no paper of the session tells.
NAMES = (
    *("Aubépine", "Bruyère", "Capucine", "Digitale", "Églantine", "Fougère", "Gentiane", "Hellébore"),
    *("Iris", "Jonquille", "Kerria", "Lavande"),
)  # fmt: skip
LOANS, GRANTS = 20_000_00, 1_000_00


def with_commission(databases: Databases, client: AsyncClient) -> Ccas:
    """A CCAS under Besançon's last rules since 2009, whose commission has rules of its own."""
    rules = rules_under("besancon")
    first, *_, last = rules.versions
    fast = {"fast_track_ratified": True, "fast_track_notice": FastTrackNotice.SUBJECT_TO_RATIFICATION}
    commission = CommissionRule(quorum_members_min=3, votes=VoteKeeping.NONE, session_required=True)
    products = tuple(replace(product, **fast) for product in last.products)  # type: ignore[arg-type]
    version = replace(last, version=1, valid_from=first.valid_from, products=products, commission=commission)
    return open_with(databases, client, replace(rules, slug=f"month-{uuid4().hex[:8]}", versions=(version,)))


@pytest.fixture
def ccas(databases: Databases, client: AsyncClient) -> Ccas:
    """A CCAS of this test alone."""
    return with_commission(databases, client)


@dataclass
class Month:
    """What an agent, the chair (a decider) and a manager do for one session."""

    ccas: Ccas
    committee: str = ""
    path: str = ""
    members: dict[str, str] = field(default_factory=dict)
    files: dict[str, Journey] = field(default_factory=dict)
    items: dict[str, Json] = field(default_factory=dict)
    decisions: dict[str, Json] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The session."""
        return self.path.rpartition("/")[2]

    async def act(self, action: str, body: Any = None) -> Json:
        """The agent does something to the session."""
        return await ok(self.ccas.agent.post(f"{self.path}/{action}", body))

    async def planned(self) -> None:
        """The manager sets up the committee and its members; the year's envelopes are voted."""
        manager = self.ccas.manager
        for kind, amount in (("loans", LOANS), ("grants", GRANTS)):
            vote = {"year": 2012, "kind": kind, "amount_cents": amount, "voted_on": "2011-12-13"}
            await ok(manager.post("/envelopes", {**vote, "reference": "Délibération 2011-98"}))
        body = {"name": "Commission Parcours Projet", "reference": "Délibération de septembre 2009"}
        self.committee = f"/committees/{(await ok(manager.post('/committees', body)))['id']}"
        for name in (*MEMBERS, VOICE):
            member: Json = {"name": name, "capacity": "advisory" if name == VOICE else "voting"}
            if name == MEMBERS[0]:
                member |= {"chair": True, "account_id": str(self.ccas.decider.account_id)}
            created = await ok(manager.post(f"{self.committee}/members", {**member, "term_from": "2009-10-01"}))
            self.members[name] = created["id"]

    async def session(self, held_on: str) -> None:
        """A session is planned; what follows is done to it."""
        body = {"held_on": held_on, "place": "CCAS, salle des commissions"}
        created = await ok(self.ccas.agent.post(f"{self.committee}/sessions", body))
        self.path = f"{self.committee}/sessions/{created['id']}"

    async def asked(self, name: str, received_on: str, *lines: Json, **changes: Any) -> Journey:
        """A person comes with a project, which the agent instructs and makes ready."""
        person = {
            "first_names": "Camille",
            "birth_name": name,
            "birth_on": "1986-05-04",
            "commune_insee_code": self.ccas.insee_code,
        }
        euros = sum(one["amount_cents"] for one in lines) // 100
        file = await Journey.of(self.ccas, received_on, euros=euros, applicant=person, **changes)
        await file.instructed(*lines, assessed_on=received_on, submitted_on=changes.get("submitted_on", received_on))
        self.files[name] = file
        return file

    async def decided(self, name: str, outcome: str, *, on: str = HELD_ON, **said: Any) -> Json:
        """The chair enters what the session decides of a file."""
        self.decisions[name] = await self.files[name].decided(outcome, on, session_id=self.id, **NAMED, **said)
        return self.decisions[name]

    async def agenda(self) -> list[Json]:
        """The items as they stand."""
        return list((await ok(self.ccas.agent.get(f"{self.path}/agenda")))["items"])

    async def paper(self, kind: str) -> str:
        """What a paper of the session says."""
        response = await self.ccas.agent.get(f"{self.path}/documents/{kind}")
        assert response.status_code == 200, response.text
        return text_of(response.content)

    async def seat(self, *present: str) -> None:
        """Who came."""
        seats = [{"member_id": self.members[name], "status": "present"} for name in present]
        await self.act("attendances", {"members": seats})


def lent(euros: int, months: int) -> Json:
    return {"loan": {"amount_cents": euros * 100, "duration_months": months}}


async def made_ready(month: Month) -> None:
    """A loan of November's session runs since December; ten files come in February, an urgent one in March."""
    running = await month.asked("Lavande", "2011-10-17", line("loan", 1_200), purpose="driving_licence")
    await month.session("2011-11-17")
    await month.act("agenda/build")
    await month.act("convene", {"convened_on": "2011-11-10"})
    await month.seat(*MEMBERS[:3])
    await month.act("open", {})
    await month.decided("Lavande", "approve", on="2011-11-17", **lent(1_200, 24))
    assert (await ok(month.ccas.decider.post(f"{month.path}/close")))["reference"] == "1/2011"
    await running.offered("2011-11-21", first_due_on="2012-01-05")
    await running.signed(borrower="2011-11-24", ccas="2011-11-24")
    await running.paid_out("2011-12-05", 1_200)
    for on in ("2012-01-05", "2012-02-05"):
        await running.repaid(on, 50)

    await month.asked("Bruyère", "2012-02-01", line("loan", 2_000))
    await month.asked("Capucine", "2012-02-02", line("loan", 3_000), purpose="employment")
    await month.asked("Digitale", "2012-02-03", line("loan", 2_500), purpose="vehicle_repair")
    await month.asked("Églantine", "2012-02-06", line("grant", 300), line("own", 84), purpose="furniture_appliances")
    await month.asked("Fougère", "2012-02-07", line("loan", 1_000), line("grant", 500), purpose="training")
    await month.asked("Gentiane", "2012-02-08", line("loan", 3_000), purpose="training")
    await month.asked("Hellébore", "2012-02-09", line("loan", 1_500), purpose="computer")
    await month.asked("Iris", "2012-02-10", line("loan", 1_200), purpose="housing_deposit")
    await month.asked("Jonquille", "2012-02-13", line("loan", 900), purpose="health")
    await month.asked("Kerria", "2012-02-14", line("loan", 1_800), purpose="scooter")
    await month.asked("Aubépine", "2012-03-05", line("loan", 1_500), purpose="vehicle_repair")


async def decided_ahead(month: Month) -> None:
    """The car that a job hangs on cannot wait a week: the chair decides, told subject to ratification."""
    file = month.files["Aubépine"]
    body = {"decided_on": AHEAD_ON, "signatory": CHAIR, "outcome": "approve", **lent(1_500, 30), **NAMED}
    await refused(month.ccas.decider.post(f"{file.path}/decisions", body), 409, "session_required")
    month.decisions["Aubépine"] = await ok(
        month.ccas.decider.post(f"{file.path}/decisions", {**body, "fast_track": True})
    )
    assert await file.status() == "approved_provisional"
    assert "sous réserve de ratification" in await printed(month.ccas, file.path, "decision_notice")
    offer = {"offered_on": "2012-03-09", "first_due_on": "2012-05-05"}
    await refused(month.ccas.agent.post(f"{file.path}/loans", offer), 409, "ratification_pending")


async def convened(month: Month) -> None:
    """The agenda is built and sent: what is to be ratified, ten files by reception, the loan to put off."""
    await month.session(HELD_ON)
    await month.act("agenda/build")
    body = {"loan_id": month.files["Lavande"].loan_id, "review_reason": "deferral"}
    await month.act("agenda", body)
    await month.act("convene", {"convened_on": CONVENED_ON})
    items = await month.agenda()
    order = ("Aubépine", *NAMES[1:11], "Lavande")
    assert [item["position"] for item in items] == list(range(1, 13))
    assert [item["request_id"] for item in items] == [month.files[name].request_id for name in order]
    assert Counter(item["kind"] for item in items) == {"ratification": 1, "request": 10, "loan_review": 1}
    month.items = dict(zip(order, items, strict=True))

    agenda = await month.paper("agenda")
    for told in (
        "Ordre du jour",
        "Commission Parcours Projet",
        "15 mars 2012",
        "9 mars 2012",
        "CCAS, salle des commissions",
        "Décision à ratifier",
        "report d’échéances",
        *(item["request_reference"] for item in items),
        # 20 000 € voted, 1 500 € of which decided ahead; nothing yet of the grants.
        money(18_500_00),
        money(GRANTS),
    ):
        assert told in agenda
    assert not [name for name in NAMES if name in agenda]

    page = await ok(month.ccas.decider.get(f"{month.path}/agenda/{month.items['Digitale']['id']}/page"))
    assert page["project"]["requested_amount_cents"] == 2_500_00
    assert page["money_left"] == [
        {"kind": "loans", "before_cents": 18_500_00, "left_cents": 18_500_00},
        {"kind": "grants", "before_cents": GRANTS, "left_cents": GRANTS},
    ]


async def opened(month: Month) -> None:
    """Two of four are there, and it does not begin; with two more it does."""
    await month.seat(*MEMBERS[:2], VOICE)
    problem = await refused(month.ccas.agent.post(f"{month.path}/open", {}), 409, "no_quorum")
    assert (problem["present"], problem["needed"]) == (2, 3)
    body = {"outcome": "approve", "decided_on": HELD_ON, "signatory": CHAIR, "session_id": month.id, **lent(2_000, 24)}
    early = month.ccas.decider.post(f"{month.files['Bruyère'].path}/decisions", body)
    await refused(early, 409, "session_not_open")
    await month.seat(*MEMBERS[2:])
    session = await month.act("open", {})
    assert (session["status"], session["members_present"], session["quorum"]) == ("open", 4, 3)


async def deliberated(month: Month) -> None:
    """The chair enters the answers, one item after the other."""
    await refused(month.ccas.decider.post(f"{month.path}/close"), 409, "items_left")
    ratification = {"session_id": month.id, "ratified": True, "ratified_on": HELD_ON, "signatory": CHAIR, **NAMED}
    ahead = f"/decisions/{month.decisions['Aubépine']['id']}"
    await ok(month.ccas.decider.post(f"{ahead}/ratifications", ratification))

    await month.decided("Bruyère", "approve", **lent(2_000, 24))
    await month.decided("Capucine", "approve", **lent(3_000, 36))
    less = await month.decided(
        "Digitale",
        "approve",
        **lent(1_800, 24),
        financing_plan={"lines": [line("loan", 1_800), line("third_party", 700, fund="Aide du garage associatif")]},
        reason_code="other_aid_available",
        reason="Un garage associatif prend 700 € à sa charge",
    )
    assert less["differs_from_request"]["amount"]
    await month.decided(
        "Églantine",
        "grant_only",
        grant_cents=300_00,
        reason_code="fragile_finances",
        reason="Un prêt pèserait trop sur le budget",
    )
    await month.decided("Fougère", "approve", **lent(1_000, 24), grant_cents=500_00)
    await month.decided(
        "Gentiane",
        "refuse",
        reason_code="project_needs_work",
        reason="La formation choisie n’ouvre pas encore sur un emploi",
        internal_note="Revoir avec la Mission locale",
        other_answer={"kind": "social_referent", "given_on": "2012-03-19"},
    )
    await month.decided(
        "Hellébore",
        "adjourn",
        reason_code="missing_papers",
        reason="Le devis ne porte pas de prix",
        missing=["Un devis daté, avec le prix"],
        next_on=NEXT_ON,
    )
    await month.decided("Iris", "approve", **lent(1_200, 24), conditions=["Bail signé"])
    recusal = {"member_id": month.members["Un administrateur"], "reason": "Employeur de la personne"}
    await month.act(f"agenda/{month.items['Jonquille']['id']}/recusals", recusal)
    await month.decided("Jonquille", "approve", **lent(900, 18))
    await month.act(f"agenda/{month.items['Kerria']['id']}/withdraw", {"reason": "Devis attendu d’un autre garage"})
    review = {"outcome": "agreed", "months": 2, "reason": "Fin de mission d’intérim"}
    problem = await refused(month.ccas.decider.post(f"{month.path}/close"), 409, "items_left")
    assert problem["positions"] == [12]
    await month.act(f"agenda/{month.items['Lavande']['id']}/review", review)


async def closed(month: Month) -> Json:
    """The chair closes; the minutes tell what was decided, and the money that it took."""
    await refused(month.ccas.agent.post(f"{month.path}/close"), 403, "forbidden")
    minutes = await ok(month.ccas.decider.post(f"{month.path}/close"))
    content = minutes["content"]
    assert (minutes["reference"], minutes["whole"]) == ("1/2012", True)
    assert content["quorum"] == {"in_office": 4, "present": 4, "needed": 3}
    assert content["members"][0]["name"] == content["session"]["chaired_by"] == MEMBERS[0]
    told = dict(zip(month.items, content["items"], strict=True))
    assert Counter(item["outcome"] for item in told.values()) == {
        "decided": 9, "ratified": 1, "agreed": 1, None: 1,
    }  # fmt: skip
    assert told["Kerria"]["withdrawn_reason"] == "Devis attendu d’un autre garage"
    assert (told["Lavande"]["outcome"], told["Lavande"]["outcome_months"]) == ("agreed", 2)
    assert [one["name"] for one in told["Jonquille"]["recusals"]] == ["Un administrateur"]
    for name, decision in month.decisions.items():
        if name != "Lavande":
            loan = decision["loan"] or {}
            assert {one: told[name]["decision"][one] for one in ("outcome", "grant_cents", "missing", "next_on")} == {
                one: decision[one] for one in ("outcome", "grant_cents", "missing", "next_on")
            }
            assert told[name]["decision"]["loan_amount_cents"] == loan.get("amount_cents")
            assert told[name]["decision"]["instalment_cents"] == loan.get("instalment_cents")
    return minutes


async def reconciled(month: Month, content: Json) -> None:
    """Sums of the session, envelopes, figures and minutes tell the same money."""
    of_session = [item["decision"] for item in content["items"] if item["outcome"] == "decided"]
    loans = sum(one["loan_amount_cents"] or 0 for one in of_session)
    grants = sum(one["grant_cents"] for one in of_session)
    assert (loans, grants) == (9_900_00, 800_00)
    assert content["money"] == [
        {"kind": "loans", "before_cents": 18_500_00, "left_cents": 18_500_00 - loans},
        {"kind": "grants", "before_cents": GRANTS, "left_cents": GRANTS - grants},
    ]
    envelopes = (await ok(month.ccas.manager.get("/envelopes", year=2012)))["items"]
    assert {one["kind"]: (one["reserved_cents"] + one["consumed_cents"], one["left_cents"]) for one in envelopes} == {
        "loans": (loans + 1_500_00, 8_600_00),
        "grants": (grants, 200_00),
    }
    figures = await ok(month.ccas.manager.get("/decisions/figures", **{"from": HELD_ON, "to": HELD_ON}))
    by_outcome = {one["outcome"]: one for one in figures["outcomes"]}
    assert {name: one["count"] for name, one in by_outcome.items() if one["count"]} == {
        "approve": 6, "grant_only": 1, "refuse": 1, "adjourn": 1,
    }  # fmt: skip
    assert sum(one["loan_cents"] for one in by_outcome.values()) == loans
    assert sum(one["grant_cents"] for one in by_outcome.values()) == grants
    # With the file decided ahead: fourteen days of March.
    figures = await ok(month.ccas.manager.get("/decisions/figures", **{"from": "2012-03-01", "to": HELD_ON}))
    assert figures["approved"]["decided"] == {"count": 7, "cents": loans + 1_500_00}
    assert figures["approved"]["another_amount"] == {"count": 1, "cents": 1_800_00}


async def printed_minutes(month: Month, minutes: Json) -> None:
    """The minutes in PDF tell what was frozen, and nobody's name but the members'."""
    text = await month.paper("minutes")
    content = minutes["content"]
    for told in (
        "1/2012",
        *MEMBERS,
        VOICE,
        "Quorum : 3",
        *(item["request_reference"] for item in content["items"]),
        *(money(one[name]) for one in content["money"] for name in ("before_cents", "left_cents")),
        "Décision ratifiée",
        "Déport : Un administrateur",
        "Retiré de l’ordre du jour",
        "Accord pour 2 mois Motif : Fin de mission d’intérim",
        f"{money(2_500_00)} Prêt accordé {money(1_800_00)} sur 24 mois",
        "Manque : Un devis daté, avec le prix Réexamen le 19 avril 2012",
        "Sous condition : Bail signé",
    ):
        assert told in text
    for item in content["items"]:
        for name in ("loan_amount_cents", "instalment_cents", "grant_cents"):
            if item["decision"] and item["decision"][name]:
                assert money(item["decision"][name]) in text
    assert not [name for name in NAMES if name in text or name in json.dumps(content, ensure_ascii=False)]


async def told_to_the_people(month: Month) -> None:
    """What was decided, why, what to do, and how to contest what is not what was asked."""
    refusal, adjournment, approval = [
        await printed(month.ccas, month.files[name].path, "decision_notice")
        for name in ("Gentiane", "Hellébore", "Digitale")
    ]
    for told in (
        "Le CCAS ne vous accorde pas de prêt",
        "La formation choisie n’ouvre pas encore sur un emploi",
        "Réorientation vers le référent social",
        "recours gracieux",
        "tribunal administratif",
        "2 mois",
    ):
        assert told in refusal
    for told in ("pas encore décidée", "19 avril 2012", "Un devis daté, avec le prix", "Apportez-nous"):
        assert told in adjournment
    for told in (
        money(2_500_00),
        money(1_800_00),
        money(75_00),
        "24 mois",
        "Un garage associatif prend 700 € à sa charge",
        "Ce montant est différent",
        "recours gracieux",
    ):
        assert told in approval
    whole = await printed(month.ccas, month.files["Fougère"].path, "decision_notice")
    assert f"un prêt de {money(1_000_00)}. Il vous accorde aussi une aide de {money(500_00)}." in whole
    assert "différent" not in whole, "1 000 € lent and 500 € granted are the 1 500 € that were asked"
    assert "tribunal" not in whole + adjournment
    for letter in (refusal, adjournment, approval, whole):
        assert NAMED["delegation_reference"] in letter
        assert "Mission locale" not in letter
        assert "FICP" not in letter
        assert "fich" not in letter.lower()


async def paid_out(month: Month, name: str, euros: int) -> None:
    """Offered, signed on 22 March, paid out on the first lawful day and not before."""
    file = month.files[name]
    await file.offered("2012-03-19", first_due_on="2012-05-05")
    await file.signed(borrower="2012-03-22", ccas="2012-03-22")
    payment = {
        "amount_cents": euros * 100, "disbursed_on": "2012-03-29", "payee": {"kind": "supplier", "name": "Garage"},
    }  # fmt: skip
    problem = await refused(
        month.ccas.agent.post(f"/loans/{file.loan_id}/disbursements", payment), 409, "release_too_early"
    )
    assert problem["not_before"] == "2012-03-30"
    await file.paid_out("2012-03-30", euros)
    assert await file.seen("2012-03-31") == ("not_started", euros)


async def waits(month: Month, name: str) -> list[str]:
    """Of what kinds a file waits, whoever looks."""
    items: list[Json] = []
    for staff in (month.ccas.agent, month.ccas.manager):
        items += (await ok(staff.get("/worklist", limit=100)))["items"]
    return sorted({item["kind"] for item in items if item["request_id"] == month.files[name].request_id})


async def notified(month: Month, name: str, on: str) -> None:
    """The agent sends the letter."""
    body = {"notified_on": on, "channel": "registered_post", "recipient": "applicant"}
    await ok(month.ccas.agent.post(f"/decisions/{month.decisions[name]['id']}/notifications", body))


async def test_twelve_items_of_a_month_from_the_convocation_to_the_money(ccas: Ccas) -> None:
    month = Month(ccas)
    await month.planned()
    await made_ready(month)
    await decided_ahead(month)
    await convened(month)
    await opened(month)
    await deliberated(month)
    minutes = await closed(month)
    await reconciled(month, minutes["content"])
    await printed_minutes(month, minutes)
    await told_to_the_people(month)
    await paid_out(month, "Bruyère", 2_000)
    await paid_out(month, "Aubépine", 1_500)
    assert await ok(ccas.agent.get(f"{month.path}/minutes")) == minutes, "what is paid later changes nothing of them"


async def test_the_desk_sees_at_each_step_what_a_file_waits_for(ccas: Ccas) -> None:
    """An urgent file, told before the session that ratifies it; one that is adjourned; one that is refused."""
    month = Month(ccas)
    await month.planned()
    for name in ("Aubépine", "Hellébore", "Gentiane"):
        await month.asked(name, "2012-02-01", line("loan", 1_500))
        assert await waits(month, name) == ["before_commission"]
    await decided_ahead(month)
    assert await waits(month, "Aubépine") == ["decision_not_notified", "ratification_due"]
    await notified(month, "Aubépine", "2012-03-08")
    assert await waits(month, "Aubépine") == ["ratification_due"]
    await month.session(HELD_ON)
    await month.act("agenda/build")
    await month.act("convene", {"convened_on": CONVENED_ON})
    assert await waits(month, "Hellébore") == ["before_commission"]
    await month.seat(*MEMBERS)
    await month.act("open", {})
    ratification = {"session_id": month.id, "ratified": True, "ratified_on": HELD_ON, "signatory": CHAIR, **NAMED}
    ahead = f"/decisions/{month.decisions['Aubépine']['id']}/ratifications"
    await ok(ccas.decider.post(ahead, ratification))
    assert await waits(month, "Aubépine") == ["contract_to_offer"]
    lacking = {"reason_code": "missing_papers", "reason": "Le devis manque", "missing": ["Devis"], "next_on": NEXT_ON}
    await month.decided("Hellébore", "adjourn", **lacking)
    other = {"kind": "budget_advice", "given_on": HELD_ON}
    await month.decided("Gentiane", "refuse", reason_code="unclear_project", reason="À préciser", other_answer=other)
    assert await waits(month, "Hellébore") == ["adjourned"]
    assert (await ok(ccas.decider.post(f"{month.path}/close")))["reference"] == "1/2012"
    assert await waits(month, "Hellébore") == ["adjourned", "decision_not_notified"]
    assert await waits(month, "Gentiane") == ["decision_not_notified"]
    for name in ("Hellébore", "Gentiane"):
        await notified(month, name, "2012-03-16")
    told = {name: await waits(month, name) for name in ("Hellébore", "Gentiane")}
    assert told["Gentiane"] == []

    file = month.files["Aubépine"]
    await file.offered("2012-03-19", first_due_on="2012-05-05")
    assert await waits(month, "Aubépine") == ["contract_not_signed"]
    await file.signed(borrower="2012-03-22", ccas="2012-03-22")
    assert await waits(month, "Aubépine") == ["money_not_paid"]
    await file.paid_out("2012-03-30", 1_500)
    assert await waits(month, "Aubépine") == ["first_unpaid"], "today, its instalments of 2012 are long late"

    assert told["Hellébore"] == ["adjourned"]
    (item,) = (await ok(ccas.agent.get("/worklist", kind="adjourned")))["items"]
    assert (item["since_on"], item["due_on"]) == (HELD_ON, NEXT_ON)
    back = month.files["Hellébore"]
    await ok(ccas.agent.post(f"{back.path}/submit", {"submitted_on": "2012-04-10"}))
    assert await waits(month, "Hellébore") == ["before_commission"]
