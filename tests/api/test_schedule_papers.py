"""The papers of a change of schedule over HTTP: the amendment, and the letter that tells the borrower."""

import pytest
from httpx import AsyncClient

from app.domain.loan_documents import LoanDocumentKind
from tests.api.test_loan_documents import not_printed, said
from tests.schedules import decided, defer, lending_at, pay, repay_early, running
from tests.support import Ccas, Databases, disbursed, ok

Kind = LoanDocumentKind
AMENDMENT, LETTER = Kind.AMENDMENT, Kind.SCHEDULE_CHANGE_LETTER


@pytest.mark.parametrize("kind", [AMENDMENT, LETTER])
async def test_there_is_none_while_the_contract_s_schedule_holds(besancon: Ccas, kind: Kind) -> None:
    loan_id = await disbursed(besancon)
    problem = await not_printed(besancon, loan_id, kind, "document_not_ready")
    assert problem["missing"] == "schedule_change"


async def test_of_a_deferral_they_tell_who_decided_and_what_comes_later(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    by = decided("2011-03-20", decided_by="commission", reference="2011-C3")
    await defer(besancon, loan_id, 3, "2011-03-20", decision=by)
    amendment = await said(besancon, loan_id, AMENDMENT)
    for words in (
        "Avenant au contrat de prêt",
        "Report d’échéances : rien n’est à payer le 5 avril 2011",
        "la commission",
        "2011-C3",
        "Dernière échéance avant 5 janvier 2013",
        "Dernière échéance désormais 5 février 2013",
        "version 2",
    ):
        assert words in amendment
    letter = await said(besancon, loan_id, LETTER)
    assert "l’échéance du 5 avril 2011 est reportée" in letter
    assert "La dernière échéance est le 5 février 2013." in letter
    assert "ni frais, ni pénalité" in letter
    assert "sauf les intérêts" not in amendment, "a loan at 0 %"
    await defer(besancon, loan_id, 3, "2011-04-20", months=2, decision=decided("2011-04-20"))
    assert "les échéances du 5 mai 2011 et du 5 juin 2011 sont reportées" in await said(besancon, loan_id, LETTER)


async def test_of_an_early_repayment_the_letter_tells_what_it_spares(databases: Databases, client: AsyncClient) -> None:
    ccas = lending_at(databases, client, "6.20")
    loan_id = await running(ccas)
    await pay(ccas, loan_id, 12)
    await repay_early(ccas, loan_id, 40_000, "2012-01-05", "shorten")
    letter = await said(ccas, loan_id, LETTER)
    assert "Vous avez remboursé 400,00 € en avance. Votre prêt finira plus tôt." in letter
    assert "vous épargne 21,38 € d’intérêts" in letter


async def test_of_a_settled_loan_nothing_is_left_to_pay(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await repay_early(besancon, loan_id, 200_000, "2011-02-01", "settle")
    assert "Vous n’avez plus rien à payer." in await said(besancon, loan_id, LETTER)
    assert "Plus aucune échéance n’est à payer." in await said(besancon, loan_id, AMENDMENT)


async def test_of_a_cancelled_change_they_tell_that_the_schedule_before_holds_again(besancon: Ccas) -> None:
    loan_id = await disbursed(besancon)
    await defer(besancon, loan_id, 3, "2011-03-20")
    undo = {"decision": decided("2011-03-25")}
    await ok(besancon.agent.post(f"/loans/{loan_id}/schedule-changes/2/cancellation", undo))
    assert "L’échéancier précédent s’applique de nouveau." in await said(besancon, loan_id, LETTER)
    assert "version 1" in await said(besancon, loan_id, AMENDMENT)
