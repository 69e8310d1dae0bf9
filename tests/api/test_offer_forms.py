"""The form of a lender's offer: whatever does not add up or cannot be read is told, whichever file it is for."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.lenders import lender_of, offer
from tests.support import Ccas, Databases, Json, refused

# A handoff that is not there: the form of an offer is read before anything is looked for.
PATH = "/partner/handoffs/01900000-0000-7000-8000-000000000000/offers"
Change = Callable[[Json], None]


def row(nth: int, **changes: Any) -> Change:
    return lambda body: body["rows"][nth - 1].update(changes)


def whole(**changes: Any) -> Change:
    return lambda body: body.update(changes)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (row(1, total_cents=8_731), "row_total"),
        (row(36, interest_cents=23), "row_total"),
        (row(1, borrower_cents=7_970), "row_shares"),
        (row(1, third_parties=[{"payer": "city", "cents": 761}]), "row_shares"),
        (row(1, third_parties=[{"payer": "city", "cents": 760}, {"payer": "fund", "cents": 1}]), "row_shares"),
        (row(1, third_parties=[{"payer": "city", "cents": 760}], borrower_cents=7_971), "row_shares"),
        (row(2, number=3), "rows_numbered"),
        (row(1, number=2), "rows_numbered"),
        (row(2, due_on="2018-05-05"), "rows_in_order"),
        (row(2, due_on="2018-05-04"), "rows_in_order"),
        (row(1, due_on="2018-03-18"), "rows_in_order"),
        (row(1, principal_cents=7_971, total_cents=8_731), "rows_repay_amount"),
        (whole(amount_cents=300_001), "rows_repay_amount"),
        (lambda body: body["rows"].pop(), "rows_repay_amount"),
        (whole(valid_until="2018-03-18"), "valid_until_before_offer"),
    ],
)
async def test_an_offer_that_does_not_add_up_is_told_how(
    databases: Databases, toulouse: Ccas, change: Change, fault: str
) -> None:
    body = offer(300_000, 36, "3.04")
    change(body)
    problem = await refused(lender_of(databases, toulouse).post(PATH, body), 422, "invalid")
    assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [("/body", fault)]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        (whole(rows=[]), "/body/rows"),
        (whole(rate_percent=3.04), "/body/rate_percent"),
        (whole(rate_percent="100.01"), "/body/rate_percent"),
        (whole(number="offre n° 1"), "/body/number"),
        (whole(contract_sha256="abc"), "/body/contract_sha256"),
        (whole(signed_by=[]), "/body/signed_by"),
        (whole(signed_by=["notary"]), "/body/signed_by/0"),
        (whole(comment="inscrit au fichier"), "/body/comment"),
        (row(3, comment="inscrit au fichier"), "/body/rows/2/comment"),
        (row(3, principal_cents=0), "/body/rows/2/principal_cents"),
        (row(3, interest_cents=-1), "/body/rows/2/interest_cents"),
        (row(3, total_cents=8730.0), "/body/rows/2/total_cents"),
        (row(3, third_parties=[{"payer": "La Ville", "cents": 1}]), "/body/rows/2/third_parties/0/payer"),
        (row(3, third_parties=[{"payer": "city", "cents": 0}]), "/body/rows/2/third_parties/0/cents"),
        (row(3, due_on="05/07/2018"), "/body/rows/2/due_on"),
    ],
)
async def test_an_offer_that_cannot_be_read_is_told_where(
    databases: Databases, toulouse: Ccas, change: Change, pointer: str
) -> None:
    body = offer(300_000, 36, "3.04")
    change(body)
    problem = await refused(lender_of(databases, toulouse).post(PATH, body), 422, "invalid")
    assert pointer in [error["pointer"] for error in problem["errors"]]
