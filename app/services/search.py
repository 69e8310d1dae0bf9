"""Files found again by words that one remembers: each the beginning of one of theirs, in any order.

The words of a file are those of its reference, its project, its prescriber and its purpose, of the names of its
applicant and co-applicant, and their phone numbers, with those of who was merged into them. Its notes are never looked
at.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, any_, exists, false, func, literal, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.parameters.codes import codes, label
from app.services.people import dialled, keepers_of, plain
from app.tables import Organisation, Person, Request, SearchWord
from app.tables.search_words import WORD_LENGTH_MAX, WordSource
from app.tenancy import bound_tenant, of_tenant

# What the function `words_of` of the database cuts at.
_BETWEEN_WORDS = re.compile(r"[\s'\"().,;:/?!«»–—-]+")
# A number as one reads it out, whole or not: it is one word.
_PHONE = re.compile(r"(?<![\w-])(?:(?:\+|00)33[\s.]*0?|0)[1-9](?:[\s.]?\d{1,2})+(?!\w)", re.ASCII)
_LAST = "\U0010ffff"
# A word that more files have is looked for from the newest file on: soon enough there is a page of them.
_COMMON = 8_000


@dataclass(frozen=True, slots=True)
class Sought:
    """The beginning of a word; and the codes (`:vehicle_purchase`, `:identifier`) of what is called by such a word."""

    prefix: str
    codes: tuple[str, ...]

    def told(self, word: Any) -> ColumnElement[bool]:
        """The condition that a word is one of these: comparisons that an index answers behind the tenants' policy."""
        begins = and_(word >= self.prefix, word < self.prefix + _LAST)
        return or_(begins, word.in_(self.codes)) if self.codes else begins


async def found(session: AsyncSession, q: str) -> ColumnElement[bool]:
    """The condition that a request has every word of a text; none has those of a text without words."""
    words = sought_words(q)
    if not words:
        return false()
    named = await _organisations(session, words)
    sought = [Sought(word, (*_purposes(word), *named.get(word, ()))) for word in words]
    rarest = await _rarest(session, sought)
    each = [_has(session, one) for one in sought if one is not rarest]
    return and_(*each) if rarest is None else and_(col(Request.id) == _candidates(session, rarest), *each)


def sought_words(q: str) -> list[str]:
    """The words of a text, without those that another begins with."""
    text = plain(_PHONE.sub(lambda phone: f" {dialled(phone[0])} ", q))
    words = {word[:WORD_LENGTH_MAX] for word in _BETWEEN_WORDS.split(text) if word}
    return sorted(word for word in words if not any(other != word and other.startswith(word) for other in words))


@cache
def _words_of_purposes() -> dict[str, frozenset[str]]:
    return {
        f":{code}": frozenset(word for language in ("fr", "en") for word in _words(label("purposes", code, language)))
        for code in codes("purposes")
    }


def _purposes(prefix: str) -> list[str]:
    return [code for code, words in _words_of_purposes().items() if any(word.startswith(prefix) for word in words)]


def _words(text: str) -> list[str]:
    return _BETWEEN_WORDS.split(plain(text))


async def _organisations(session: AsyncSession, words: Sequence[str]) -> dict[str, list[str]]:
    """The codes of the organisations of the directory, which is short, that are called by each word."""
    called = or_(*(col(Organisation.name_key).contains(word, autoescape=True) for word in words))
    statement = select(col(Organisation.id), col(Organisation.name_key)).where(of_tenant(session, Organisation), called)
    rows = (await session.execute(statement)).all()
    return {
        word: [f":{row.id}" for row in rows if any(part.startswith(word) for part in _words(row.name_key))]
        for word in words
    }


async def _rarest(session: AsyncSession, sought: Sequence[Sought]) -> Sought | None:
    """The one that the fewest people and requests have; null where all are common."""
    counts = [_count(session, one).label(f"count_{number}") for number, one in enumerate(sought)]
    row = (await session.execute(select(*counts))).one()
    fewest, rarest = min(zip(row, sought, strict=True), key=lambda counted: counted[0])
    return rarest if fewest <= _COMMON else None


def _count(session: AsyncSession, one: Sought) -> Any:
    some = [
        select(literal(1)).select_from(found_in.limit(_COMMON + 1).subquery())
        for source in WordSource
        for found_in in _of_source(session, one, source)
    ]
    return select(func.count()).select_from(union_all(*some).subquery()).scalar_subquery()


def _of_source(session: AsyncSession, one: Sought, source: WordSource) -> list[Any]:
    """A range and a list of codes, each alone: one condition on both would be answered by no index."""
    ids = select(col(SearchWord.id)).where(of_tenant(session, SearchWord), col(SearchWord.source) == source)
    begins = ids.where(replace(one, codes=()).told(col(SearchWord.word)))
    coded = one.codes and source is WordSource.REQUEST
    return [begins, ids.where(col(SearchWord.word).in_(one.codes))] if coded else [begins]


def _candidates(session: AsyncSession, one: Sought) -> Any:
    (named,) = _of_source(session, one, WordSource.PERSON)
    people = union_all(named, _keepers(session, one)).subquery()
    of_people = (
        select(col(Request.id)).join(people, party == people.c.id).where(of_tenant(session, Request))
        for party in (col(Request.applicant_id), col(Request.co_applicant_id))
    )
    # An array: found first, then read one by one, however many the planner believes that there are.
    return any_(func.array(union_all(*_of_source(session, one, WordSource.REQUEST), *of_people).scalar_subquery()))


def _has(session: AsyncSession, one: Sought) -> ColumnElement[bool]:
    """The condition on a request, answered for each one that is looked at.

    Without its offset the planner would turn it into a join, and read every such word of the tenant. Those into whom
    somebody was merged are few, and found once.
    """
    keepers = _keepers(session, one)
    its_own = [col(Request.id), col(Request.applicant_id), col(Request.co_applicant_id)]
    told = exists(
        select(literal(1))
        .select_from(SearchWord)
        .where(
            col(SearchWord.tenant_id) == bound_tenant(session),
            col(SearchWord.id).in_(its_own),
            one.told(col(SearchWord.word)),
        )
        .correlate(Request)
        .offset(literal(0, literal_execute=True))
    )
    return or_(told, col(Request.applicant_id).in_(keepers), col(Request.co_applicant_id).in_(keepers))


def _keepers(session: AsyncSession, one: Sought) -> Select[UUID]:
    """Those into whom somebody was merged who has that word."""
    word = (
        select(literal(1))
        .select_from(SearchWord)
        .where(of_tenant(session, SearchWord), col(SearchWord.id) == Person.id, one.told(col(SearchWord.word)))
        .correlate(Person)
    )
    return keepers_of(session, word.exists())
