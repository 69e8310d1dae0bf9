"""Papers asked for, seen and waived: what is still missing on a day."""

from dataclasses import dataclass, replace
from datetime import date
from itertools import product

import pytest

from app.commands.tenants import read_rules
from app.domain.breaches import Severity
from app.domain.errors import IllegalTransition
from app.domain.papers import TRANSITIONS, PaperAction, PaperStatus, after, blocking, provided
from app.domain.products import Product
from app.tenants import seed_files

JANUARY = date(2011, 1, 1)


@dataclass(frozen=True)
class Asked:
    """A paper asked for on 10 January, for tests alone."""

    code: str
    asked_on: date = date(2011, 1, 10)
    seen_on: date | None = None
    waived_on: date | None = None


def day(number: int) -> date:
    """A day of January 2011."""
    return JANUARY.replace(day=number)


def rules(**changes: object) -> Product:
    """Besançon's first product, changed."""
    path = next(path for path in seed_files() if path.stem == "besancon")
    return replace(read_rules(path).versions[0].products[0], **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(("status", "action"), [*product(PaperStatus, PaperAction)])
def test_what_the_table_does_not_name_is_refused(status: PaperStatus, action: PaperAction) -> None:
    if (status, action) in TRANSITIONS:
        assert after(status, action) is TRANSITIONS[status, action]
    else:
        with pytest.raises(IllegalTransition):
            after(status, action)


def test_where_nothing_was_asked_for_nothing_is_known() -> None:
    assert provided([], on=day(31)) is None
    assert provided([Asked("quote")], on=day(9)) is None


def test_a_paper_counts_from_the_day_it_was_seen_or_waived() -> None:
    papers = [Asked("quote", seen_on=day(15)), Asked("identity", waived_on=day(20)), Asked("tax_notice")]
    found = [provided(papers, on=day(number)) for number in (14, 15, 20)]
    assert found == [frozenset(), frozenset({"quote"}), frozenset({"quote", "identity"})]


def test_of_two_papers_of_one_code_both_are_awaited() -> None:
    papers = [Asked("quote", seen_on=day(15)), Asked("quote", asked_on=day(20))]
    assert [provided(papers, on=day(number)) for number in (15, 20)] == [frozenset({"quote"}), frozenset()]


def test_what_the_rules_ask_for_is_missing_in_their_order_asked_or_not() -> None:
    asking = rules(documents=("quote", "identity"))
    assert blocking(asking, None) == ["quote", "identity"]
    assert blocking(asking, frozenset({"quote", "tax_notice"})) == ["identity"]
    assert blocking(rules(documents=()), None) == []


def test_papers_of_which_the_rules_only_warn_block_nothing() -> None:
    assert blocking(rules(documents=("quote",), severities={"documents": Severity.WARN}), None) == []
