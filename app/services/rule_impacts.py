"""What a draft of rules would have told of the decisions of a time; nothing is stored."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import messages
from app.domain.breaches import Breach, Severity
from app.domain.dates import Precision
from app.domain.errors import FieldFault, TooManyDecisions
from app.domain.permissions import Caller
from app.domain.rule_checks import RuleFault
from app.domain.rule_impacts import Taken, Verdict, replay
from app.domain.rules import RuleVersion
from app.messages import Language
from app.schemas.decisions import BreachRead
from app.schemas.rule_impacts import DraftFault, ImpactedFile, ImpactTotals, RuleImpactCreate, RuleImpactRead
from app.services import aid_facts, rule_adoptions, rules
from app.tables import Decision, Request
from app.tenancy import of_tenant

# More would keep the answer waiting for seconds: a longer time is asked for in parts.
DECISIONS_MAX = 5_000

# What the breaches of a draft cite where no sentence of its own stands behind a rule.
_DRAFT_REFERENCE = "Projet de règles"

_COLUMNS = [
    *(getattr(Decision, name) for name in (
        "request_id", "decided_on", "outcome", "facts", "breaches", "overrides", "loan_amount_cents", "rule_version_id"
    )),
    col(Decision.id).label("decision_id"),
    col(Request.reference),
    col(Request.product),
    col(Request.requested_amount_cents),
]  # fmt: skip
Row = Mapping[str, Any]
Versions = Mapping[UUID, RuleVersion]


async def create(
    session: AsyncSession, slug: str, *, caller: Caller, today: date, language: Language, body: RuleImpactCreate
) -> RuleImpactRead:
    """Replays the decisions of a time under a draft, each on the facts and the day it was taken on.

    The faults for which the draft could not be adopted today are told beside. Raises NotFound for another tenant's
    rules or a version that is not there, TooManyDecisions.
    """
    rule_adoptions.check_own(caller, slug)
    draft = await _draft(session, body, today=today)
    found = await _decisions(session, body)
    versions = {key: await rules.by_id(session, key) for key in {row["rule_version_id"] for row in found}}
    faults = rule_adoptions.faults(draft, communes=caller.served_insee_codes)
    # Seconds of computing, which would keep the other requests of this process waiting.
    files = await asyncio.to_thread(lambda: [_file(row, versions, draft) for row in found])
    told = [_fault(fault, language) for fault in faults]
    return RuleImpactRead(files=files, totals=_totals(found, files), faults=told)


async def _draft(session: AsyncSession, body: RuleImpactCreate, *, today: date) -> RuleVersion:
    if body.version is not None:
        return await rules.by_number(session, body.version)
    return RuleVersion(
        version=0,
        valid_from=today,
        valid_from_precision=Precision.DAY,
        valid_to=None,
        reference=_DRAFT_REFERENCE,
        products=tuple(body.products or ()),
        indexes=tuple(body.indexes),
    )


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


def _totals(found: Sequence[Row], files: Sequence[ImpactedFile]) -> ImpactTotals:
    counted = Counter(file.verdict for file in files)
    cents: Counter[Verdict] = Counter()
    for row, file in zip(found, files, strict=True):
        cents[file.verdict] += row["loan_amount_cents"] or 0
        if file.verdict is Verdict.NOW_ALLOWED:
            cents[file.verdict] += row["requested_amount_cents"]
    return ImpactTotals(
        files=len(files),
        **{each.value: counted[each] for each in Verdict},
        loan_cents_now_refused=cents[Verdict.NOW_REFUSED],
        loan_cents_now_allowed=cents[Verdict.NOW_ALLOWED],
    )


def _file(row: Row, versions: Versions, draft: RuleVersion) -> ImpactedFile:
    taken = Taken(
        product=row["product"],
        outcome=row["outcome"],
        on=row["decided_on"],
        aid=aid_facts.read_back(row["facts"], on=row["decided_on"]),
        asked_cents=row["requested_amount_cents"],
        breaches=[Breach(**{**told, "severity": Severity(told["severity"])}) for told in row["breaches"]],
        overridden=[override["rule"] for override in row["overrides"]],
        rules=versions[row["rule_version_id"]],
    )
    replayed = replay(taken, draft)
    plain = ("request_id", "reference", "decision_id", "decided_on", "outcome")
    return ImpactedFile(
        **{name: row[name] for name in plain},
        was=[BreachRead.model_validate(breach) for breach in replayed.was],
        would_be=[BreachRead.model_validate(breach) for breach in replayed.would_be],
        missing=[*replayed.missing],
        changed=None if replayed.verdict is Verdict.UNKNOWN else replayed.verdict is not Verdict.SAME,
        verdict=replayed.verdict,
    )


def _fault(fault: RuleFault, language: Language) -> DraftFault:
    told = FieldFault(fault.path, fault.code, dict(fault.facts))
    return DraftFault(path=fault.path, code=fault.code, message=messages.of_fault(told, language))
