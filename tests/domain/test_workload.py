"""What work comes to for one full-time post."""

from decimal import Decimal

import pytest

from app.domain.workload import load


def test_at_half_time_the_same_work_is_twice_as_much() -> None:
    assert load(2, fte_percent=50, per_fte_max=None).per_fte == Decimal("4.00")
    assert load(4, fte_percent=50, per_fte_max=None).per_fte == Decimal("8.00")


def test_without_a_working_time_nothing_is_divided_nor_over() -> None:
    unknown = load(4, fte_percent=None, per_fte_max=1)
    assert (unknown.count, unknown.per_fte, unknown.over) == (4, None, None)


@pytest.mark.parametrize(
    ("count", "fte_percent", "per_fte_max", "over"),
    [(4, 50, 8, False), (4, 50, 7, True), (1, 30, 3, True), (1, 33, 3, True), (0, 1, 1, False), (1, 50, None, None)],
)
def test_a_limit_is_compared_exactly(
    count: int, fte_percent: int, per_fte_max: int | None, *, over: bool | None
) -> None:
    assert load(count, fte_percent=fte_percent, per_fte_max=per_fte_max).over is over
