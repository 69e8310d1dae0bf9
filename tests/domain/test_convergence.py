"""Where a handoff stands after checks that came in any order, told once or more: the same place."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.ficp import Check, CheckOutcome, Standing, conclusion, standing
from app.domain.handoff_lifecycle import HandoffKind, HandoffStatus, action_upon_check, after

MORNING = datetime(2018, 3, 5, 9, 30, tzinfo=UTC)
# Few instants, so that ties are common.
checks = st.builds(
    Check, st.sampled_from(CheckOutcome), st.integers(0, 3).map(lambda hour: MORNING + timedelta(hours=hour))
)


def end(kind: HandoffKind, status: HandoffStatus, told: Sequence[Check]) -> HandoffStatus:
    """Where the handoff stands once all were told, each having had its effect as it came."""
    for number in range(1, len(told) + 1):
        held = conclusion(told[:number])
        assert held is not None
        worth = standing(held, on=MORNING.date(), valid_until=None)
        action = action_upon_check(kind, status, worth, opens=worth is Standing.FAVOURABLE)
        status = status if action is None else after(kind, status, action)
    return status


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (HandoffKind.PRECHECK, HandoffStatus.SENT),
        (HandoffKind.LOAN_FILE, HandoffStatus.AWAITING_CHECK),
        (HandoffKind.LOAN_FILE, HandoffStatus.ACCEPTED),
    ],
)
@given(st.data())
def test_checks_told_in_any_order_and_more_than_once_lead_to_one_place(
    kind: HandoffKind, status: HandoffStatus, data: st.DataObject
) -> None:
    told = data.draw(st.lists(checks, min_size=1, max_size=6))
    again = data.draw(st.lists(st.sampled_from(told), max_size=3))
    assert end(kind, status, data.draw(st.permutations([*told, *again]))) == end(kind, status, told)
