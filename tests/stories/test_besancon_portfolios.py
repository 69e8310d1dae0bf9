"""The follow-up of the microcredits of 2010 and 2011 in Besançon's report, at 30 December 2011, out of the data.

« 34 prêts soldés, dont 3 avec un soutien financier, 3 avec un montant mis en non valeur, 1 suite au recouvrement par le
service contentieux du TP ; 2 dossiers dont une partie de la dette a été annulée suite à une Procédure de Rétablissement
Personnel ; 19 actifs dont 7 suivis par le service contentieux. » and « 7 prêts soldés, dont 1 avec un soutien financier
et 1 remboursé par anticipation ; 29 actifs, dont 1 suivi par le service contentieux. » The amounts and days are made.
"""

from datetime import date

import pytest

from tests.api.test_discharges import discharged
from tests.api.test_loan_figures import counted, figures
from tests.api.test_write_offs import repaid, written_off
from tests.support import Ccas, approved, ok, told_until

AT = "2011-12-30"
# How many of the loans of a year are how at the end of 2011.
PORTFOLIOS = {
    2010: {
        "on_schedule": 27, "supported": 3, "written_off": 3, "recovered": 1, "erased": 2, "litigation": 7,
        "running": 12,
    },
    2011: {"on_schedule": 5, "supported": 1, "early": 1, "litigation": 1, "running": 28},
}  # fmt: skip


async def lent(ccas: Ccas, year: int, months: int) -> str:
    """A loan of 2 000 € contracted in February, paid out on the 15th, first due in March."""
    terms = {"loan": {"amount_cents": 200_000, "duration_months": months}, "decided_on": f"{year}-01-20"}
    request_id = await approved(ccas, None, terms, received_on=f"{year}-01-03")
    offer = {"offered_on": f"{year}-02-01", "first_due_on": f"{year}-03-05"}
    loan_id = str((await ok(ccas.agent.post(f"/requests/{request_id}/loans", offer)))["id"])
    for party in ("ccas", "borrower"):
        await ok(ccas.agent.post(f"/loans/{loan_id}/signatures", {"party": party, "signed_on": f"{year}-02-02"}))
    payment = {"amount_cents": 200_000, "disbursed_on": f"{year}-02-15", "payee": {"kind": "supplier"}}
    await ok(ccas.agent.post(f"/loans/{loan_id}/disbursements", payment))
    return loan_id


async def lead(ccas: Ccas, loan_id: str, how: str, reference: str) -> None:
    """What became of a loan by the end of 2011."""
    if how in ("litigation", "recovered"):
        await ok(ccas.agent.post(f"/loans/{loan_id}/litigation", {"opened_on": "2011-06-01"}))
    match how:
        case "on_schedule" | "recovered":
            await repaid(ccas, loan_id, 200_000, "2011-12-20", reference)
        case "early":
            await repaid(ccas, loan_id, 200_000, "2011-11-20", reference)
        case "supported":
            await repaid(ccas, loan_id, 170_000, "2011-10-20", reference)
            await repaid(ccas, loan_id, 30_000, "2011-12-20", f"{reference}-S", payer="ccas")
        case "written_off":
            await repaid(ccas, loan_id, 120_000, "2011-09-20", reference)
            await written_off(ccas, loan_id, 80_000, "2011-12-01")
        case "erased":
            await repaid(ccas, loan_id, 50_000, "2010-12-20", reference)
            note = {"decided_on": "2011-10-20", "decided_by": "board"}
            await discharged(ccas, loan_id, 90_000, "2011-09-01", decision=note)
        case _:
            await repaid(ccas, loan_id, 60_000, "2011-12-05", reference)


@pytest.mark.parametrize("year", PORTFOLIOS)
async def test_the_report_on_the_loans_of_a_year_comes_out_of_the_data(besancon: Ccas, year: int) -> None:
    settled_in = {2010: 22, 2011: 10}
    hows = [how for how, count in PORTFOLIOS[year].items() for _ in range(count)]
    for number, how in enumerate(hows):
        months = 36 if how in ("running", "litigation", "erased") else settled_in[year]
        await lead(besancon, await lent(besancon, year, months), how, f"{year}-{number}")
    await told_until(besancon, date(2011, 12, 30))
    span = {"contracted_from": f"{year}-01-01", "contracted_to": f"{year}-12-31"}
    told = await figures(besancon, **span, as_of=AT)
    counts = [told[part]["count"] for part in ("contracted", "settled", "erased", "active")]
    reasons, statuses = counted(told, "settled", "reason"), counted(told, "active", "status")
    if year == 2010:
        assert counts == [55, 34, 2, 19]
        expected = {"on_schedule": 27, "with_support": 3, "with_non_valeur": 3, "after_litigation": 1}
        assert (reasons, statuses["litigation"]) == (expected, 7)
    else:
        assert counts == [36, 7, 0, 29]
        assert (reasons, statuses["litigation"]) == ({"on_schedule": 5, "early": 1, "with_support": 1}, 1)
    assert told["principal"]["disbursed_cents"] == counts[0] * 200_000
    assert told["principal"]["written_off_cents"] == PORTFOLIOS[year].get("written_off", 0) * 80_000
    assert told["principal"]["discharged_cents"] == PORTFOLIOS[year].get("erased", 0) * 90_000
    assert told["supported_cents"] == PORTFOLIOS[year]["supported"] * 30_000
