"""Until when support runs, and in which form it is agreed."""

from datetime import date
from typing import Any

import pytest

from app.domain.products import Commitment
from app.domain.support import SupportForm, SupportFrame, SupportStatus, status
from app.domain.support_errors import SupportBeyondLoan, SupportTooShort, WrittenSupportAsked

AGREED_ON, LOAN_ENDS_ON = date(2011, 1, 22), date(2013, 1, 5)


def frame(**changes: Any) -> SupportFrame:
    stated = {"loan_ends_on": LOAN_ENDS_ON, "form": None, "months": None, "for_whole_loan": None}
    return SupportFrame(**{**stated, **changes})


@pytest.mark.parametrize(
    ("stated", "agreed_ends_on", "ended_on", "ends_on"),
    [
        ({}, None, None, LOAN_ENDS_ON),
        ({}, date(2011, 6, 30), None, date(2011, 6, 30)),
        ({}, date(2014, 1, 1), None, LOAN_ENDS_ON),
        ({}, None, date(2011, 3, 1), date(2011, 3, 1)),
        ({"months": 6}, None, None, date(2011, 7, 22)),
        ({"months": 6}, date(2011, 12, 31), None, date(2011, 12, 31)),
        ({"months": 36}, None, None, LOAN_ENDS_ON),
        ({"for_whole_loan": True}, None, None, LOAN_ENDS_ON),
        # A loan made longer takes with it the support that the rules ask for as long as it lasts.
        ({"for_whole_loan": True}, date(2012, 1, 5), None, LOAN_ENDS_ON),
        ({"for_whole_loan": True}, None, date(2012, 1, 5), date(2012, 1, 5)),
        # A loan made shorter ends what was agreed or ended for later.
        ({"loan_ends_on": date(2011, 5, 5)}, date(2011, 6, 30), date(2011, 6, 1), date(2011, 5, 5)),
    ],
)
def test_support_ends_with_the_loan_unless_less_was_agreed_or_it_was_ended_before(
    stated: dict[str, Any], agreed_ends_on: date | None, ended_on: date | None, ends_on: date
) -> None:
    assert frame(**stated).ends_on(AGREED_ON, agreed_ends_on=agreed_ends_on, ended_on=ended_on) == ends_on


@pytest.mark.parametrize(
    ("asked", "form", "good"),
    [
        (Commitment.WRITTEN, SupportForm.WRITTEN, True),
        (Commitment.WRITTEN, SupportForm.ORAL, False),
        (Commitment.ORAL, SupportForm.ORAL, True),
        (Commitment.ORAL, SupportForm.WRITTEN, True),
        (Commitment.NONE, SupportForm.ORAL, True),
        (None, SupportForm.ORAL, True),
    ],
)
def test_more_than_the_rules_ask_may_be_agreed_and_never_less(
    asked: Commitment | None,
    form: SupportForm,
    good: bool,  # noqa: FBT001
) -> None:
    if good:
        frame(form=asked).check(form, AGREED_ON, agreed_ends_on=None)
    else:
        with pytest.raises(WrittenSupportAsked):
            frame(form=asked).check(form, AGREED_ON, agreed_ends_on=None)


def test_support_is_agreed_within_the_loan_and_for_as_long_as_the_rules_ask() -> None:
    late = date(2013, 1, 6)
    with pytest.raises(SupportBeyondLoan) as beyond:
        frame().check(SupportForm.ORAL, late, agreed_ends_on=None)
    assert beyond.value.facts == {"field": "agreed_on", "loan_ends_on": "2013-01-05"}
    with pytest.raises(SupportBeyondLoan) as beyond:
        frame().check(SupportForm.ORAL, AGREED_ON, agreed_ends_on=late)
    assert beyond.value.facts["field"] == "agreed_ends_on"
    for stated, least in (({"months": 6}, date(2011, 7, 22)), ({"for_whole_loan": True}, LOAN_ENDS_ON)):
        frame(**stated).check(SupportForm.ORAL, AGREED_ON, agreed_ends_on=least)
        with pytest.raises(SupportTooShort) as short:
            frame(**stated).check(SupportForm.ORAL, AGREED_ON, agreed_ends_on=least.replace(day=least.day - 1))
        assert short.value.facts == {"asked_until": least.isoformat()}


def test_the_last_day_is_still_one_of_support() -> None:
    assert status(LOAN_ENDS_ON, on=LOAN_ENDS_ON) is SupportStatus.RUNNING
    assert status(LOAN_ENDS_ON, on=date(2013, 1, 6)) is SupportStatus.ENDED
