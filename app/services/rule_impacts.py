"""What a draft of rules would have told of the decisions of a time; nothing is stored."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.domain.breaches import Breach, Severity
from app.domain.errors import TooManyDecisions
from app.domain.permissions import Caller
from app.domain.rule_impacts import Draft, Taken, Verdict, replay, verdict
from app.schemas.decisions import BreachRead
from app.schemas.rule_impacts import ImpactedFile, ImpactTotals, RuleImpactCreate, RuleImpactRead
from app.services import aid_facts, rules
from app.services.rule_adoptions import check_own
from app.tables import Decision, Request
from app.tenancy import of_tenant

# More would keep the answer waiting for seconds: a longer time is asked for in parts.
DECISIONS_MAX = 5_000

_COLUMNS = [
    *(getattr(Decision, name) for name in (
        "request_id", "decided_on", "outcome", "facts", "breaches", "overrides", "loan_amount_cents"
    )),
    col(Decision.id).label("decision_id"),
    col(Request.reference),
    col(Request.product),
    col(Request.requested_amount_cents),
]  # fmt: skip
Row = Mapping[str, Any]


async def create(session: AsyncSession, slug: str, *, caller: Caller, body: RuleImpactCreate) -> RuleImpactRead:
    """Replays the decisions of a time under a draft, each on the facts and the day it was taken on.

    Raises NotFound for another tenant's rules or a version that is not there, TooManyDecisions.
    """
    check_own(caller, slug)
    draft = await _draft(session, body)
    found = await _decisions(session, body)
    # Seconds of computing, which would keep the other requests of this process waiting.
    return await asyncio.to_thread(_replayed, found, draft)


async def _draft(session: AsyncSession, body: RuleImpactCreate) -> Draft:
    if body.version is None:
        return Draft(products=body.products or (), indexes=body.indexes, reference="")
    version = await rules.by_number(session, body.version)
    return Draft(products=version.products, indexes=version.indexes, reference=version.reference)


async def _decisions(session: AsyncSession, body: RuleImpactCreate) -> Sequence[Row]:
    statement = (
        select(*_COLUMNS)
        .join(Request, and_(col(Request.tenant_id) == Decision.tenant_id, col(Request.id) == Decision.request_id))
        .where(
            of_tenant(session, Decision),
            col(Decision.decided_on) >= body.decided_from,
            col(Decision.decided_on) <= body.decided_to,
        )
        .order_by(col(Decision.decided_on), col(Decision.id))
        .limit(DECISIONS_MAX + 1)
    )
    found = (await session.execute(statement)).mappings().all()
    if len(found) > DECISIONS_MAX:
        days = {name: getattr(body, name).isoformat() for name in ("decided_from", "decided_to")}
        raise TooManyDecisions(limit=DECISIONS_MAX, **days)
    return [dict(row) for row in found]


def _replayed(found: Sequence[Row], draft: Draft) -> RuleImpactRead:
    files = [_file(row, draft) for row in found]
    counted = Counter(file.verdict for file in files)
    cents: Counter[Verdict] = Counter()
    for row, file in zip(found, files, strict=True):
        cents[file.verdict] += row["loan_amount_cents"] or 0
        if file.verdict is Verdict.NOW_ALLOWED:
            cents[file.verdict] += row["requested_amount_cents"]
    totals = ImpactTotals(
        files=len(files),
        **{each.value: counted[each] for each in Verdict},
        loan_cents_now_refused=cents[Verdict.NOW_REFUSED],
        loan_cents_now_allowed=cents[Verdict.NOW_ALLOWED],
    )
    return RuleImpactRead(files=files, totals=totals)


def _file(row: Row, draft: Draft) -> ImpactedFile:
    taken = Taken(
        product=row["product"],
        outcome=row["outcome"],
        on=row["decided_on"],
        aid=aid_facts.read_back(row["facts"], on=row["decided_on"]),
        breaches=[Breach(**{**told, "severity": Severity(told["severity"])}) for told in row["breaches"]],
        overridden=[override["rule"] for override in row["overrides"]],
    )
    would_be = replay(taken, draft)
    told = verdict(taken, would_be)
    plain = ("request_id", "reference", "decision_id", "decided_on", "outcome")
    return ImpactedFile(
        **{name: row[name] for name in plain},
        was=[BreachRead.model_validate(breach) for breach in taken.breaches],
        would_be=[BreachRead.model_validate(breach) for breach in would_be],
        changed=told is not Verdict.SAME,
        verdict=told,
    )
