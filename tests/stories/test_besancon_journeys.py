"""Besançon, month by month: what happens to a demand, as its report of 2012 tells of real ones.

The months, amounts and ends are the report's (cases G02, G12, G13, G14, G23, G25); days are assumed.
"""

from dataclasses import dataclass
from typing import Any

from tests.support import ATTESTED, BUDGET, Ccas, Json, attestation, demand, etag_of, ok, refused, repayment, told_until

CHAIR = "La Conseillère municipale déléguée"
# What may be added to any file, whatever its end.
EVER = {"check_right", "make_referral", "write_note"}


def line(kind: str, euros: int, **more: Any) -> Json:
    return {"label": kind, "kind": kind, "amount_cents": euros * 100, **more}


@dataclass
class Journey:
    """One demand and the loan that may come of it, told by what the agent and the commission do."""

    ccas: Ccas
    request_id: str
    loan_id: str = ""

    @staticmethod
    async def of(ccas: Ccas, received_on: str, *, euros: int, **changes: Any) -> "Journey":
        """A person comes with a project of that cost."""
        body = demand(ccas, received_on=received_on, project_cost_cents=euros * 100, **changes)
        request = await ok(ccas.agent.post("/requests", body))
        assert request["status"] == "intake"
        return Journey(ccas, request["id"])

    @property
    def path(self) -> str:
        """The request."""
        return f"/requests/{self.request_id}"

    async def instructed(self, *lines: Json, assessed_on: str, submitted_on: str) -> None:
        """The agent meets the person, writes the budget and the plan, and takes the file to the commission."""
        await ok(self.ccas.agent.post(f"{self.path}/assess", {"assessed_on": assessed_on}))
        for fact in ATTESTED:
            await ok(self.ccas.agent.post(f"{self.path}/attestations", attestation(fact, attested_on=assessed_on)))
        await self.put("budget", BUDGET)
        await self.put("financing-plan", {"lines": list(lines)})
        request = await ok(self.ccas.agent.post(f"{self.path}/submit", {"submitted_on": submitted_on}))
        assert request["status"] == "submitted"

    async def put(self, part: str, body: Json) -> None:
        """A new revision of a part of the file."""
        etag = await etag_of(self.ccas.agent, self.path)
        await ok(self.ccas.agent.put(f"{self.path}/{part}", body, etag=etag))

    async def decided(self, outcome: str, on: str, **said: Any) -> Json:
        """The commission decides."""
        body = {"outcome": outcome, "decided_on": on, "signatory": CHAIR, **said}
        return await ok(self.ccas.decider.post(f"{self.path}/decisions", body))

    async def offered(self, on: str, *, first_due_on: str) -> Json:
        """The contract and its schedule are drawn up."""
        body = {"offered_on": on, "first_due_on": first_due_on}
        loan = await ok(self.ccas.agent.post(f"{self.path}/loans", body))
        self.loan_id = loan["id"]
        return loan

    async def signed(self, **parties: str) -> None:
        """The parties sign, each on its day."""
        for party, on in parties.items():
            await self.did("signatures", party=party, signed_on=on)

    async def paid_out(self, on: str, euros: int) -> None:
        """The Trésor pays the supplier."""
        payee = {"kind": "supplier", "name": "Garage exemple"}
        await self.did("disbursements", amount_cents=euros * 100, disbursed_on=on, payee=payee)
        await told_until(self.ccas)

    async def repaid(self, on: str, euros: int) -> Json:
        """The Trésor's position shows a payment."""
        return await self.did("repayments", **repayment(euros * 100, on, f"{self.loan_id}/{on}"))

    async def did(self, event: str, **body: Any) -> Json:
        """An event of the loan."""
        return await ok(self.ccas.agent.post(f"/loans/{self.loan_id}/{event}", body))

    async def status(self) -> str:
        """Where the request stands."""
        return str((await ok(self.ccas.manager.get(self.path)))["status"])

    async def seen(self, day: str) -> tuple[str, int]:
        """The status of the loan and the euros outstanding on a day."""
        loan = await ok(self.ccas.manager.get(f"/loans/{self.loan_id}", as_of=day))
        return loan["status"], loan["outstanding_cents"] // 100


async def possible(ccas: Ccas, path: str) -> set[str]:
    """What anyone of the CCAS may still do."""
    items = []
    for staff in (ccas.agent, ccas.decider, ccas.manager):
        items += (await ok(staff.get(f"{path}/actions")))["items"]
    return {item["action"] for item in items if item["allowed"]}


async def test_a_car_to_keep_a_job_with_a_loan_and_a_grant_repaid_on_schedule(besancon: Ccas) -> None:
    """G23: 1 500 €, of which 500 € granted and 1 000 € lent over 24 months, « démarrage en février 2012 »."""
    car = await Journey.of(besancon, "2011-09-12", euros=1_500)
    await car.instructed(line("loan", 1_000), line("grant", 500), assessed_on="2011-09-15", submitted_on="2011-10-03")
    decision = await car.decided(
        "approve", "2011-10-20", loan={"amount_cents": 100_000, "duration_months": 24}, grant_cents=50_000
    )
    assert (decision["rules_version"], decision["loan"]["instalment_cents"]) == (4, 4_200)
    assert [(breach["rule"], breach["severity"]) for breach in decision["breaches"]] == [("grant.usual_cents", "warn")]

    await car.offered("2011-10-24", first_due_on="2012-02-05")
    assert await car.status() == "approved"
    await car.signed(borrower="2011-10-26", ccas="2011-10-28")
    assert await car.status() == "contracted"
    await car.paid_out("2011-11-08", 1_000)
    assert await car.seen("2011-10-27") == ("offered", 0)
    assert await car.seen("2011-11-07") == ("accepted", 0)
    assert await car.seen("2011-12-31") == ("not_started", 1_000)

    months = [f"{2012 + (1 + month) // 12}-{(1 + month) % 12 + 1:02d}" for month in range(24)]
    assert (months[0], months[-1]) == ("2012-02", "2014-01")
    for paid, month in enumerate(months[:-1], start=1):
        await car.repaid(f"{month}-04", 42)
        assert await car.seen(f"{month}-28") == ("running", 1_000 - 42 * paid)
    assert await car.seen("2014-01-05") == ("running", 34)
    assert await car.seen("2014-01-06") == ("overdue", 34)
    await car.repaid("2014-01-06", 34)
    loan = await ok(besancon.manager.get(f"/loans/{car.loan_id}"))
    assert (loan["status"], loan["closing_reasons"], loan["credit_cents"]) == ("closed", ["on_schedule"], 0)
    assert await possible(besancon, car.path) == {
        *EVER, "ask_paper", "assign", "attest", "plan_appointment", "correct_decision",
    }  # fmt: skip


async def test_a_scooter_with_savings_leaves_what_the_report_prints_and_is_settled_with_the_christmas_bonus(
    besancon: Ccas,
) -> None:
    """G12: 2 700 €, of which 700 € saved and 2 000 € lent over 12 months; 664 € at 31 December 2011."""
    scooter = await Journey.of(besancon, "2011-02-14", euros=2_700, requested_amount_cents=200_000, purpose="scooter")
    await scooter.instructed(
        line("own", 700, status="confirmed"), line("loan", 2_000), assessed_on="2011-02-21", submitted_on="2011-03-07"
    )
    loan = {"amount_cents": 200_000, "duration_months": 12, "instalment_cents": 16_600, "remainder_on": "first"}
    await scooter.decided("approve", "2011-03-17", loan=loan)
    await scooter.offered("2011-03-21", first_due_on="2011-05-05")
    await scooter.signed(ccas="2011-03-24", borrower="2011-03-24")
    await scooter.paid_out("2011-04-04", 2_000)
    await scooter.repaid("2011-05-05", 174)
    for month in range(6, 13):
        await scooter.repaid(f"2011-{month:02d}-05", 166)
    assert await scooter.seen("2011-12-31") == ("running", 664)

    await scooter.repaid("2012-01-04", 664)
    settled = await ok(besancon.manager.get(f"/loans/{scooter.loan_id}", as_of="2012-01-04"))
    assert (settled["status"], settled["closing_reasons"]) == ("closed", ["early"])


async def test_first_furniture_is_granted_without_a_loan(besancon: Ccas) -> None:
    """G25: 384 €, of which 200 € of the appliance fund and 184 € of the scheme's grant."""
    furniture = await Journey.of(
        besancon, "2011-06-06", euros=384, requested_amount_cents=18_400, purpose="furniture_appliances"
    )
    await furniture.instructed(
        line("third_party", 200, fund="Fonds appareil ménager CCAS", status="confirmed"),
        line("grant", 184),
        assessed_on="2011-06-08",
        submitted_on="2011-06-10",
    )
    decision = await furniture.decided("grant_only", "2011-06-16", grant_cents=18_400)
    assert (decision["loan"], decision["grant_cents"], decision["breaches"]) == (None, 18_400, [])
    assert await furniture.status() == "grant_only"
    offer = {"offered_on": "2011-06-17", "first_due_on": "2011-07-05"}
    await refused(besancon.agent.post(f"{furniture.path}/loans", offer), 409, "illegal_transition")
    assert await possible(besancon, furniture.path) == {
        *EVER,
        "correct_decision",
        "withdraw_decision",
        "abrogate_decision",
    }


async def test_a_project_to_be_worked_on_is_refused_and_its_bearer_goes_back_to_the_social_referent(
    besancon: Ccas,
) -> None:
    """G14: 3 000 €, « refus de prêt, projet professionnel à travailler »."""
    car = await Journey.of(besancon, "2011-04-04", euros=3_000)
    await car.instructed(line("loan", 3_000), assessed_on="2011-04-06", submitted_on="2011-04-15")
    said = {"reason_code": "project_needs_work", "reason": "Projet professionnel à travailler"}
    body = {"outcome": "refuse", "decided_on": "2011-04-21", "signatory": CHAIR, **said}
    await refused(besancon.decider.post(f"{car.path}/decisions", body), 422, "invalid")
    assert await car.status() == "submitted"

    await car.decided(
        "refuse", "2011-04-21", other_answer={"kind": "social_referent", "given_on": "2011-04-26"}, **said
    )
    request = await ok(besancon.agent.get(car.path))
    assert (request["status"], request["other_answer"]["kind"]) == ("refused", "social_referent")
    assert await possible(besancon, car.path) == {*EVER, "correct_decision", "withdraw_decision"}


async def test_a_file_without_its_quote_is_adjourned_completed_and_approved(besancon: Ccas) -> None:
    """As in case G10, adjourned for want of a paper; here the paper comes, with a lower price."""
    training = await Journey.of(besancon, "2011-01-10", euros=2_990, purpose="training")
    await training.instructed(line("loan", 2_990), assessed_on="2011-01-12", submitted_on="2011-01-14")
    lacking = {"reason_code": "missing_papers", "reason": "Le devis manque", "missing": ["Devis"]}
    await training.decided("adjourn", "2011-01-20", **lacking)
    assert await training.status() == "adjourned"

    etag = await etag_of(besancon.agent, training.path)
    await ok(
        besancon.agent.patch(
            training.path, {"project_cost_cents": 240_000, "requested_amount_cents": 240_000}, etag=etag
        )
    )
    await refused(besancon.agent.post(f"{training.path}/submit"), 409, "plan_unbalanced")
    await training.put("financing-plan", {"lines": [line("loan", 2_400)]})
    await ok(besancon.agent.post(f"{training.path}/submit", {"submitted_on": "2011-02-10"}))
    second = await training.decided("approve", "2011-02-17", loan={"amount_cents": 240_000, "duration_months": 24})
    assert (second["number"], second["loan"]["instalment_cents"]) == (2, 10_000)
    assert await training.status() == "approved"

    decisions = (await ok(besancon.manager.get("/decisions")))["items"]
    assert [(item["number"], item["outcome"]) for item in decisions] == [(2, "approve"), (1, "adjourn")]


async def test_an_approved_loan_that_the_family_makes_needless_is_never_contracted(besancon: Ccas) -> None:
    """G13: a car of 2 700 €, approved, « sans suite, solution familiale »."""
    car = await Journey.of(besancon, "2011-05-02", euros=2_700)
    await car.instructed(line("loan", 2_700), assessed_on="2011-05-04", submitted_on="2011-05-09")
    await car.decided("approve", "2011-05-19", loan={"amount_cents": 270_000, "duration_months": 36})
    await car.offered("2011-05-23", first_due_on="2011-07-05")
    await car.signed(ccas="2011-05-25")

    closing = {
        "outcome": "closed_without_action",
        "reason_code": "family_solution",
        "closed_on": "2011-06-20",
        "other_answer": {"kind": "family_solution", "given_on": "2011-06-20"},
    }
    await refused(besancon.agent.post(f"{car.path}/close", closing), 409, "loan_in_the_way")
    await car.did("cancellations", cancelled_on="2011-06-20", reason="La famille finance la voiture")
    closed = await ok(besancon.agent.post(f"{car.path}/close", closing))
    assert (closed["status"], closed["closing_reason_code"]) == ("closed_without_action", "family_solution")
    assert await car.seen("2011-06-19") == ("offered", 0)
    assert await car.seen("2011-12-31") == ("cancelled", 0)
    assert await possible(besancon, car.path) == {*EVER, "reopen", "correct_decision"}
    # What the accountant would tell to have received is a fact, wherever the loan stands.
    assert await possible(besancon, f"/loans/{car.loan_id}") == {"repay"}


async def test_a_loan_falls_behind_goes_to_litigation_and_is_settled_there(besancon: Ccas) -> None:
    """G02: 1 200 € over 24 months for family ties, « suivi en contentieux depuis janvier 2011, solde 410 € »."""
    ties = await Journey.of(besancon, "2009-11-16", euros=1_200, purpose="family_ties_travel")
    await ties.instructed(line("loan", 1_200), assessed_on="2009-11-18", submitted_on="2009-12-07")
    decision = await ties.decided("approve", "2009-12-17", loan={"amount_cents": 120_000, "duration_months": 24})
    assert (decision["rules_version"], decision["loan"]["instalment_cents"]) == (1, 5_000)
    await ties.offered("2009-12-18", first_due_on="2010-02-05")
    await ties.signed(borrower="2010-01-04", ccas="2010-01-04")
    await ties.paid_out("2010-01-12", 1_200)

    for month in range(2, 8):
        await ties.repaid(f"2010-{month:02d}-05", 50)
    bounced = await ties.repaid("2010-08-05", 50)
    assert await ties.seen("2010-08-06") == ("running", 850)
    await ok(
        besancon.agent.post(
            f"/loans/{ties.loan_id}/repayments/{bounced['id']}/reversal",
            {"reversed_on": "2010-08-12", "reason": "Chèque sans provision"},
        )
    )
    assert await ties.seen("2010-08-11") == ("running", 850)
    assert await ties.seen("2010-08-12") == ("overdue", 900)

    late = [await ok(besancon.manager.get(f"/loans/{ties.loan_id}", as_of=f"2010-{m:02d}-28")) for m in (9, 10, 11, 12)]
    assert [loan["overdue_cents"] for loan in late] == [10_000, 15_000, 20_000, 25_000]
    await ties.did("litigation", opened_on="2011-01-10", reason="Cinq mensualités impayées")
    assert await ties.seen("2011-01-09") == ("overdue", 900)
    assert await ties.seen("2011-01-10") == ("litigation", 900)

    await ties.repaid("2011-10-03", 490)
    assert await ties.seen("2011-12-31") == ("litigation", 410)
    await ties.repaid("2012-03-15", 410)
    settled = await ok(besancon.manager.get(f"/loans/{ties.loan_id}", as_of="2012-03-15"))
    assert (settled["status"], settled["closing_reasons"]) == ("closed", ["after_litigation"])
    assert (settled["outstanding_cents"], settled["overdue_cents"], settled["next_due"]) == (0, 0, None)

    # The whole past stays as it was.
    assert await ties.seen("2010-08-06") == ("running", 850)
    assert await ties.seen("2011-12-31") == ("litigation", 410)
    entries = (await ok(besancon.manager.get(f"/loans/{ties.loan_id}/ledger")))["items"]
    assert len(entries) == 1 + 7 + 1 + 2
