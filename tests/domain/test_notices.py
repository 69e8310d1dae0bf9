"""When a decision that a session must ratify may be notified."""

import pytest

from app.domain.notices import FastTrackNotice, NoticeObstacle, of_ratification

SUBJECT, AFTER = FastTrackNotice.SUBJECT_TO_RATIFICATION, FastTrackNotice.AFTER_RATIFICATION
PENDING, REFUSED = NoticeObstacle.RATIFICATION_PENDING, NoticeObstacle.NOT_RATIFIED


@pytest.mark.parametrize(
    ("ratified", "rule", "obstacle"),
    [
        (None, SUBJECT, None),
        (None, AFTER, PENDING),
        (None, None, PENDING),
        (True, SUBJECT, None),
        (True, None, None),
        (False, SUBJECT, REFUSED),
        (False, AFTER, REFUSED),
    ],
)
def test_a_provisional_decision_is_notified_when_the_rules_say(
    ratified: bool | None,  # noqa: FBT001
    rule: FastTrackNotice | None,
    obstacle: NoticeObstacle | None,
) -> None:
    assert of_ratification(ratified=ratified, rule=rule) is obstacle
