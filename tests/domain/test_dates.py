"""Dates of effect: the past is welcome, the future is not, and things happen in their order."""

from datetime import date, timedelta

import pytest

from app.domain.dates import check_day
from app.domain.errors import DateInFuture, DateOutOfOrder

TODAY = date(2011, 5, 17)
DAY = timedelta(days=1)


@pytest.mark.parametrize("on", [TODAY, TODAY - DAY, date(1900, 1, 1)])
def test_today_and_any_earlier_day_may_be_told(on: date) -> None:
    check_day("paid_on", on, not_before=None, today=TODAY)


def test_tomorrow_is_refused_by_the_name_of_the_field() -> None:
    with pytest.raises(DateInFuture) as refused:
        check_day("paid_on", TODAY + DAY, not_before=None, today=TODAY)
    assert refused.value.facts == {"field": "paid_on"}


def test_the_first_possible_day_is_possible() -> None:
    check_day("paid_on", TODAY - DAY, not_before=TODAY - DAY, today=TODAY)


def test_the_day_before_the_first_possible_day_is_refused_and_names_it() -> None:
    with pytest.raises(DateOutOfOrder) as refused:
        check_day("paid_on", TODAY - DAY, not_before=TODAY, today=TODAY)
    assert refused.value.facts == {"field": "paid_on", "not_before": "2011-05-17"}
