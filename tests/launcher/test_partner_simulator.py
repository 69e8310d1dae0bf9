"""The bank in a box: what it tells next, purely; how it speaks, against a real service; its command line."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest

from app.cli import main
from app.commands.simulator.behaviour import Push, Seen, next_actions, statements
from app.commands.simulator.options import credentials_of
from app.commands.simulator.scenario import Conduct, Credentials, Scenario, SimulatorRefused
from app.commands.tenants import read_rules
from app.domain.handoff_lifecycle import HandoffKind, HandoffStatus
from app.domain.loan_lifecycle import LoanStage
from app.domain.products import Product
from app.schemas.inbox import InboxRead
from app.tenants import seed_files

HANDOFF = UUID("0190a5b0-0000-7000-8000-000000000001")
TODAY = date(2018, 3, 16)
PRODUCTS = {path.stem: read_rules(path).versions[-1].products[0] for path in seed_files()}


def step(action: str, on: str) -> dict[str, Any]:
    return {"action": action, "status": "sent", "effect_on": on, "note": None, "by": "ccas",
            "source": None,
            "entered_at": "2018-03-13T08:00:00Z"}  # fmt: skip


def seen(
    status: str,
    *steps: str,
    kind: str = "loan_file",
    loan: LoanStage | None = None,
    product: Product | None = PRODUCTS["toulouse"],
    check_wanted: bool = False,
) -> Seen:
    """A handoff sent on 13 March 2018: 3 000 € over 36 months endorsed; its later steps are of the 16th."""
    payload = {"endorsement": {"decided_on": "2018-03-12", "amount_cents": 300_000, "duration_months": 36}}
    read = {
        "id": str(HANDOFF),
        "version": 1,
        "tenant": "toulouse",
        "kind": kind,
        "status": status,
        "answered_on": None,
        "partner_reference": None,
        "payload_sha256": "0" * 64,
        "sent_at": "2018-03-13T08:00:00Z",
        "support_person": "La référente",
        "payload": payload,
        "payload_withheld": None if payload else "handoff_closed",
        "check_wanted": check_wanted,
        "ficp_query_keys": None,
        "steps": [step("send", "2018-03-13"), *(step(action, "2018-03-16") for action in steps)],
    }
    return Seen(InboxRead.model_validate(read), loan, product)


def told(handoff: Seen, *, on: date = TODAY, **scenario: Any) -> list[Push]:
    return next_actions(handoff, Scenario(**scenario), Random(1), today=on)  # noqa: S311


def what(handoff: Seen, *, on: date = TODAY, **scenario: Any) -> list[str]:
    return [push.what for push in told(handoff, on=on, **scenario)]


@pytest.mark.parametrize(
    ("handoff", "expected"),
    [
        (seen("sent", kind="precheck"), ["acknowledgement", "check"]),
        (seen("in_progress", kind="precheck"), ["check"]),
        (seen("accepted", "accept", kind="precheck"), []),
        (seen("accepted", "accept", kind="precheck", check_wanted=True), ["check"]),
        (seen("accepted", "accept", check_wanted=True), ["check", "offer"]),
        (seen("refused", "refuse", kind="precheck"), []),
        (seen("sent"), ["acknowledgement", "check", "answer"]),
        (seen("received", "acknowledge"), ["check", "answer"]),
        (seen("in_progress", "progress"), ["check", "answer"]),
        (seen("more_information", "ask"), []),
        (seen("awaiting_check", "park"), ["check"]),
        (seen("accepted", "accept"), ["offer"]),
        (seen("accepted", "accept", loan=LoanStage.OFFERED), []),
        (seen("accepted", "accept", loan=LoanStage.ACCEPTED), ["disbursement"]),
        (seen("accepted", "accept", loan=LoanStage.DISBURSED), []),
        (seen("accepted", "accept", loan=LoanStage.CANCELLED), []),
        (seen("refused", "refuse"), []),
        (seen("sent", kind="guarantee_claim"), ["acknowledgement", "answer"]),
        (seen("received", "acknowledge", kind="interest_statement"), ["answer"]),
        (seen("accepted", "accept", kind="guarantee_claim"), []),
        (seen("withdrawn", "withdraw"), []),
    ],
)
def test_from_each_state_it_tells_what_is_its_to_tell(handoff: Seen, expected: list[str]) -> None:
    assert what(handoff) == expected


def test_every_state_of_a_handoff_is_foreseen() -> None:
    for kind in HandoffKind:
        for status in HandoffStatus:
            assert told(seen(status.value, "accept", kind=kind.value)) is not None


def test_it_refuses_with_an_unfavourable_check() -> None:
    _, check, answer = told(seen("sent"), conduct=Conduct.REFUSE)
    assert (check.body["outcome"], answer.body["decision"]) == ("unfavorable", "refused")


def test_it_asks_once_and_accepts_what_was_completed() -> None:
    asking = told(seen("sent"), conduct=Conduct.ASK)[-1]
    assert (asking.body["decision"], asking.body["asked"]) == ("more_information", "Dernier avis d'imposition")
    again = told(seen("in_progress", "ask", "complete"), conduct=Conduct.ASK)[-1]
    assert again.body["decision"] == "accepted"


def test_a_file_waits_for_its_answer_but_is_acknowledged() -> None:
    assert what(seen("sent"), delay_days=4) == ["acknowledgement"]
    assert what(seen("sent"), on=date(2018, 3, 17), delay_days=4) == ["acknowledgement", "check", "answer"]


def test_nothing_is_told_of_a_file_whose_payload_is_gone() -> None:
    gone = seen("accepted", "accept")
    assert what(replace(gone, handoff=gone.handoff.model_copy(update={"payload": None}))) == []


def test_in_disorder_the_same_is_told_and_an_offer_before_its_time() -> None:
    scenario = Scenario(reorder=True)
    told_in = [next_actions(seen("sent"), scenario, Random(seed), today=TODAY) for seed in range(200)]  # noqa: S311
    orders = {tuple(push.what for push in pushes) for pushes in told_in}
    assert all(sorted(order) == ["acknowledgement", "answer", "check", "offer"] for order in orders)
    assert len(orders) == 24


def test_the_same_seed_behaves_the_same() -> None:
    one, other = (told(seen("sent"), reorder=True) for _ in range(2))
    assert one == other


def test_started_again_it_tells_the_same_words_under_the_same_key() -> None:
    one, other = (told(seen("accepted", "accept"), on=day)[0] for day in (TODAY, date(2018, 3, 20)))
    assert (one.key, one.body) == (other.key, other.body)
    later = told(seen("sent"), on=date(2018, 3, 20))[1]
    assert later.key != told(seen("sent"))[1].key
    assert later.body["consultation_ref"] == f"C-20180320-{HANDOFF.hex}"


def test_the_offer_is_the_annuity_of_what_was_endorsed_first_due_in_the_second_month() -> None:
    (offer,) = told(seen("accepted", "accept"))
    assert (offer.body["amount_cents"], offer.body["offered_on"]) == (300_000, "2018-03-16")
    assert "rate_percent" not in offer.body
    assert "signed_by" not in offer.body
    rows = offer.body["rows"]
    assert rows[0] == {"number": 1, "due_on": "2018-05-05", "principal_cents": 7_970, "interest_cents": 760,
                       "total_cents": 8_730}  # fmt: skip
    assert (len(rows), rows[-1]["total_cents"], rows[-1]["due_on"]) == (36, 8_720, "2021-04-05")


def test_the_offer_states_what_the_rules_leave_open() -> None:
    fresnes = seen("accepted", "accept", product=PRODUCTS["fresnes"])
    (offer,) = told(fresnes, rate_percent=Decimal("4.00"))
    assert (offer.body["rate_percent"], offer.body["signed_by"]) == ("4.00", ["borrower", "ccas", "lender"])
    assert offer.body["rows"][0]["borrower_cents"] == offer.body["rows"][0]["total_cents"]
    (own,) = told(seen("accepted", "accept"), rate_percent=Decimal("2.00"))
    assert (own.body["rate_percent"], own.body["rows"][0]["interest_cents"]) == ("2.00", 500)
    with pytest.raises(SimulatorRefused, match="the rules of toulouse state no rate: give one with --rate"):
        told(fresnes)


def test_each_month_that_ended_has_its_statement_of_the_borrowers_part() -> None:
    paid = seen("accepted", "accept", loan=LoanStage.DISBURSED)
    may, june = statements([paid], Scenario(), today=date(2018, 7, 30))
    assert (may.body["position_on"], june.body["position_on"]) == ("2018-05-31", "2018-06-30")
    assert may.body["items"] == [
        {"kind": "repayment", "handoff_id": str(HANDOFF), "reference": f"R-1-{HANDOFF.hex}", "amount_cents": 7_970,
         "paid_on": "2018-05-05", "outstanding_principal_cents": 292_030}
    ]  # fmt: skip
    assert statements([paid], Scenario(), today=date(2018, 5, 30)) == []


def test_what_nobody_paid_is_told_and_the_next_payment_goes_to_the_oldest() -> None:
    paid = seen("accepted", "accept", loan=LoanStage.DISBURSED)
    lines = [
        push.body["items"][0] for push in statements([paid], Scenario(unpaid=frozenset({2})), today=date(2018, 7, 31))
    ]
    assert [line["kind"] for line in lines] == ["repayment", "unpaid", "repayment"]
    assert lines[1] == {"kind": "unpaid", "instalment_number": 2, "handoff_id": str(HANDOFF)}
    assert lines[2]["outstanding_principal_cents"] == 300_000 - 7_970 - 7_990


def test_its_secret_is_given_or_of_the_environment_or_what_dev_keeps(tmp_path: Path) -> None:
    kept = tmp_path / "clients"
    kept.write_text("a-demo one\nb-demo two\n")
    assert credentials_of("b-demo", None, kept=kept, environment={}) == Credentials("b-demo", "two")
    assert credentials_of("b-demo", "given", kept=kept, environment={}).client_secret == "given"
    environment = {"PARTNER_CLIENT_ID": "a-demo", "PARTNER_CLIENT_SECRET": "set", "PARTNER_SIGNING_KEY": "whsec_AAAA"}
    assert credentials_of(None, None, kept=kept, environment=environment) == Credentials("a-demo", "set", "whsec_AAAA")
    with pytest.raises(SimulatorRefused, match="no credentials"):
        credentials_of(None, None, kept=kept, environment={})
    with pytest.raises(SimulatorRefused, match=r"no secret for c-demo: .*name one of .*clients \(a-demo, b-demo\)"):
        credentials_of("c-demo", None, kept=kept, environment={})
    with pytest.raises(SimulatorRefused, match="no secret for c-demo"):
        credentials_of("c-demo", None, kept=tmp_path / "none", environment={})


@pytest.mark.parametrize(
    ("word", "value", "sentence"),
    [
        ("--lose", "300", "300 is more than 100"),
        ("--down", "-3", "-3 is not a whole number, 0 or more"),
        ("--answer", "maybe", "choose from"),
        ("--rate", "much", "much is not a rate in percent, such as 3.5"),
        ("--on", "demain", "demain is not a day, YYYY-MM-DD"),
    ],
)
def test_a_wrong_word_is_told_with_what_would_be_right(
    word: str, value: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["partner-simulator", word, value])
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err
