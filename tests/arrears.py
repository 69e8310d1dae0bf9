"""What the tests of arrears say: positions of the accountant, decisions, supports."""

from typing import Any

from tests.support import Ccas, Json, accepted, ok, repayment


def decided(on: str, **changes: Any) -> Json:
    """A decision of the commission on a loan that runs."""
    return {"decided_on": on, "decided_by": "commission", "reference": "2011-12", **changes}


def support(on: str, *instalments: tuple[int, int]) -> Json:
    """The decision to pay of each instalment, named by its lasting number, so many cents."""
    return {
        "decision": decided(on),
        "instalments": [{"ref": ref, "amount_cents": cents} for ref, cents in instalments],
    }


async def running(ccas: Ccas) -> str:
    """A loan of 2 000 € paid out on 30 January 2011, of whose repayments the accountant has told nothing yet."""
    loan_id = await accepted(ccas)
    payment = {"amount_cents": 200_000, "disbursed_on": "2011-01-30", "payee": {"kind": "supplier"}}
    await ok(ccas.agent.post(f"/loans/{loan_id}/disbursements", payment))
    return loan_id


async def positioned(ccas: Ccas, on: str) -> None:
    """The accountant has told all up to a day."""
    await ok(ccas.agent.post("/positions", {"position_on": on, "reference": f"Position du {on}"}))


async def paid(ccas: Ccas, loan_id: str, cents: int, on: str, reference: str, **told: Any) -> Json:
    """A repayment that the accountant told."""
    return await ok(ccas.agent.post(f"/loans/{loan_id}/repayments", {**repayment(cents, on, reference), **told}))


async def arrears(ccas: Ccas, **query: Any) -> list[Json]:
    """The loans with an unpaid instalment."""
    return list((await ok(ccas.agent.get("/arrears", **query)))["items"])
