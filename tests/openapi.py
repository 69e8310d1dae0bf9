"""The operations of the OpenAPI document, bodies that fit their schemas, and real identifiers for their paths.

What is generated from here covers the routes that are not written yet. A route that needs more than its schema
says (a validator of its model, a new identifier in its path) is told by a failing test what to add to this file.
"""

import copy
import json
import os
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from unittest import mock
from uuid import uuid4

from fastapi import FastAPI
from fastapi.routing import APIRoute
from httpx import AsyncClient

from app.commands.tenants import read_rules
from app.domain.dates import Precision
from app.domain.lenders import Payer
from app.domain.operation_roles import ROLES
from app.domain.permissions import STAFF_ROLES, Role
from app.domain.rules import Commune, TenantRules
from app.main import create_app
from app.settings import settings
from app.tenants import seed_files
from tests.arrears import decided, positioned, support
from tests.committees import committee_of, session_of, with_rule
from tests.documents.samples import logo, png
from tests.lenders import Lender, accepted_by, lender_of, offer, paid_out, repayment_line, sent
from tests.signatures import KEYS, signing
from tests.support import (
    APPROVAL,
    TOKEN_SECRET,
    WHOLE_LOAN,
    Ccas,
    Databases,
    Json,
    Staff,
    add_staff,
    demand,
    disbursed,
    ok,
    open_with,
    repayment,
    run_sql,
    submitted,
    with_own_partners,
)
from tests.webhooks import logged

FieldPath = tuple[str | int, ...]

# Parts of a path that are public names, not identifiers of a tenant's things; so are those with a list of values.
PUBLIC_NAMES = frozenset({"slug", "version", "condition_number"})
# Fields that a body has in place of another one.
INSTEAD_OF = {"applicant_id": "applicant"}
# What the validators of a model ask beyond the schema of its fields.
COHERENT: dict[str, Json] = {
    "LenderAnswerCreate": {"answer": {"decision": "refused", "decided_on": "2018-03-16"}},
    "RequestCreate": {
        "applicant": {
            "first_names": "Camille",
            "birth_name": "Exemple",
            "birth_on": "1988-03-02",
            "commune_insee_code": "25056",
        }
    },
    "AuthorisationCreate": {"recipient": "credit_mutuel", "purposes": ["loan_file"]},
    "CandidateSearch": {"birth_name": "Exemple"},
    "RelationCreate": {"other_person_id": "01900000-0000-7000-8000-000000000000"},
    "AgendaItemCreate": {"request_id": "01900000-0000-7000-8000-000000000000"},
    "VoteCreate": {"in_favour": 1, "against": 0, "abstentions": 0},
    "AppointmentCreate": {"status": "attended"},
    "LoanTerms": {"duration_months": 12},
    "DecisionCreate": APPROVAL,
    "RectificationCreate": {"corrections": {"signatory": "Exemple"}},
    "Closing": {"outcome": "withdrawn"},
    "RatificationCreate": {"ratified": True},
    "DeferralCreate": {"first_number": 3},
    "DeferralPreview": {"first_number": 3},
    "RescheduleCreate": {"duration_months": 12},
    "ReschedulePreview": {"duration_months": 12},
    "FinancingPlanReplace": WHOLE_LOAN,
    "LogoCreate": logo(png()),
    "PositionImportCreate": {"content_base64": "RVRBVA0KU09MREUNCg=="},
    "PortfolioImportCreate": {"content_base64": "RVRBVA0KU09MREUNCg=="},
    "StatementFileCreate": {"content_base64": "RVRBVA0KU09MREUNCg=="},
    "ReportedStatementFileCreate": {"content_base64": "RVRBVA0KU09MREUNCg=="},
    "RuleImpactCreate": {"version": 1},
    "UndrawnCreate": {"duration_months": 12},
    "ProcedurePlan": {"duration_months": 12},
    "SimulationCreate": {"duration_months": 12, "rate_percent": "6.20"},
    "TokenForm": {"username": "nobody@nowhere", "password": "x"},
}
# What a query must hold together, beyond what is required of it.
COHERENT_QUERIES: dict[str, Json] = {
    "budget_projections_read": {"amount_cents": 60_000, "duration_months": 6},
    "envelopes_list": {"year": 2011},
    "borne_interest_read": {"year": 2018, "month": 5},
    "borne_interest_csv": {"year": 2018, "month": 5},
    "borne_interest_statements_list": {"year": 2018},
}
# A commune of the CCAS of `open_both` beside that of all that there is to ask for.
OTHER_COMMUNE = "59153"
_PATTERNS = {
    r"^([0-9]{2}|2[AB])[0-9]{3}$": "25056",
    r"^\+?[0-9][0-9 .]{5,18}$": "03 81 00 00 00",
}


@dataclass(frozen=True)
class Operation:
    """One method of one path, as the OpenAPI document tells it."""

    id: str
    method: str
    path: str
    spec: Json

    def parameters(self, place: str) -> dict[str, Json]:
        """The schemas of the parameters in `path`, `query` or `header`, by name."""
        found = [parameter for parameter in self.spec.get("parameters", []) if parameter["in"] == place]
        return {parameter["name"]: parameter["schema"] for parameter in found}

    def identifiers(self) -> list[str]:
        """The names in the path that identify things of a tenant."""
        named = self.parameters("path").items()
        return [name for name, schema in named if name not in PUBLIC_NAMES and "enum" not in resolved(schema)]

    @property
    def public(self) -> bool:
        """Whether the document asks for no credential."""
        return "security" not in self.spec

    @property
    def media_type(self) -> str | None:
        """The media type of the body, where there is one."""
        return next(iter(self.spec.get("requestBody", {}).get("content", {})), None)

    @property
    def body_schema(self) -> Json | None:
        """The schema of the body, where there is one."""
        if self.media_type is None:
            return None
        schema: Json = self.spec["requestBody"]["content"][self.media_type]["schema"]
        return schema

    @property
    def forms(self) -> list[Json]:
        """The schemas of the forms that the body may take; none where there is no body."""
        return [] if self.body_schema is None else forms(self.body_schema)

    @property
    def itemised(self) -> bool:
        """Whether the `items` of the body are answered one by one, within an answer that succeeds."""
        content = self.spec["responses"].get("200", {}).get("content", {}).get("application/json", {})
        answers = [form.get("properties", {}).get("items", {}) for form in forms(content.get("schema", {}))]
        return any(items.get("items", {}).get("$ref", "").endswith("/ItemAnswer") for items in answers)

    @property
    def is_list(self) -> bool:
        """Whether it reads a list, of one page or of more."""
        content = self.spec["responses"].get("200", {}).get("content", {}).get("application/json", {})
        answer = resolved(content.get("schema", {}))
        return self.method == "GET" and {"items", "next_cursor"} <= set(answer.get("properties", {}))

    @property
    def of_partners(self) -> bool:
        """Whether partners' machines alone may carry it out."""
        return ROLES.get(self.id) == frozenset({Role.PARTNER})

    def url(self, identifiers: dict[str, str]) -> str:
        """The address of the operation on these identifiers."""
        examples = {name: sample(schema) for name, schema in self.parameters("path").items()}
        return self.path.format_map(examples | identifiers)


@cache
def document() -> Json:
    """The OpenAPI document."""
    return built_app().openapi()


@cache
def built_app() -> FastAPI:
    """The application, without a database behind it: to be looked at, not to be asked."""
    nowhere = {"DATABASE_URL": "postgresql+psycopg://app@/nowhere?host=/nowhere", "TOKEN_SECRET": TOKEN_SECRET}
    with mock.patch.dict(os.environ, nowhere):
        settings.cache_clear()
        application = create_app()
        settings.cache_clear()
    return application


def routes(of: Any = None) -> Iterator[APIRoute]:
    """Every route of the API, in included routers too."""
    for route in (of or built_app()).routes:
        if (included := getattr(route, "original_router", None)) is not None:
            yield from routes(included)
        elif isinstance(route, APIRoute):
            yield route


@cache
def operations() -> list[Operation]:
    """Every operation of the document."""
    return [
        Operation(spec["operationId"], method.upper(), path, spec)
        for path, methods in document()["paths"].items()
        for method, spec in methods.items()
    ]


def resolved(schema: Json) -> Json:
    """The schema behind a reference; of an optional one, what it is when it is given; of several, the first."""
    while True:
        if "$ref" in schema:
            schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        elif branches := _branches(schema):
            schema = branches[0]
        else:
            return schema


def nullable(schema: Json) -> bool:
    """Whether null is a value of the schema."""
    return any(branch.get("type") == "null" for branch in schema.get("anyOf", []))


def _branches(schema: Json) -> list[Json]:
    """What the schema may be besides null; nothing for one that is no union."""
    union = schema.get("anyOf", []) + schema.get("oneOf", [])
    return [branch for branch in union if branch.get("type") != "null"]


def forms(schema: Json) -> list[Json]:
    """The schema once for each form of every union in it, so that each form is tried."""
    if nullable(schema):
        return [{"anyOf": [form, {"type": "null"}]} for branch in _branches(schema) for form in forms(branch)]
    if branches := _branches(schema):
        return [form for branch in branches for form in forms(branch)]
    whole = resolved(schema)
    found = [
        {**whole, "properties": {**whole["properties"], name: form}}
        for name, inner in whole.get("properties", {}).items()
        for form in _several(inner)
    ]
    if "items" in whole:
        found += [{**whole, "items": form} for form in _several(whole["items"])]
    return found or [whole]


def _several(schema: Json) -> list[Json]:
    """The forms of a part that has more than one."""
    found = forms(schema)
    return found if len(found) > 1 else []


def is_day(schema: Json) -> bool:
    """Whether the schema is a date's."""
    return bool(resolved(schema).get("format") == "date")


def sample(schema: Json, *, whole: bool = False) -> Any:
    """A value that fits the schema: with what is required, coherent; or `whole`, with every field there is."""
    schema = resolved(schema)
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    if "examples" in schema and not is_day(schema):
        return schema["examples"][0]
    match schema.get("type"):
        case "object":
            return _sample_object(schema, whole=whole)
        case "array":
            return [sample(schema["items"], whole=whole)]
        case "integer":
            return int(schema.get("minimum", 1))
        case "boolean":
            return False
        case _:
            return _sample_text(schema)


def _sample_object(schema: Json, *, whole: bool) -> Json:
    names = schema.get("properties", {}) if whole else schema.get("required", [])
    fields = {name: sample(schema["properties"][name], whole=whole) for name in names}
    return {**fields, **copy.deepcopy({} if whole else COHERENT.get(schema.get("title", ""), {}))}


def _sample_text(schema: Json) -> str:
    if is_day(schema):
        return "2011-01-20"
    if schema.get("format") == "uuid":
        return str(uuid4())
    if "pattern" in schema:
        return _PATTERNS.get(schema["pattern"], "a@example.org")
    return "Exemple"


def fields(schema: Json, at: FieldPath = ()) -> Iterator[tuple[FieldPath, Json, bool]]:
    """Every field of a body, however deep: where it is, its schema, whether it is required."""
    schema = resolved(schema)
    for name, inner in schema.get("properties", {}).items():
        path = (*at, name)
        yield path, inner, name in schema.get("required", [])
        yield from fields(inner, path)
        if resolved(inner).get("type") == "array":
            items = resolved(inner)["items"]
            yield (*path, 0), items, False
            yield from fields(items, (*path, 0))


def with_value(body: Json, path: FieldPath, value: Any) -> Json:
    """A copy of the body with another value at one place."""
    changed = copy.deepcopy(body)
    place: Any = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return changed


def holds(body: Json, path: FieldPath) -> bool:
    """Whether the body has this place."""
    place: Any = body
    for step in path:
        if not isinstance(place, dict | list) or step not in (place if isinstance(place, dict) else range(len(place))):
            return False
        place = place[step]
    return True


def without(body: Json, path: FieldPath) -> Json:
    """A copy of the body without one field."""
    changed = copy.deepcopy(body)
    place: Any = changed
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return changed


def pointer(path: FieldPath) -> str:
    """Where the service says that a field of the body is."""
    return "/body" + "".join(f"/{step}" for step in path)


def headers_of(operation: Operation, caller: Staff | None) -> dict[str, str]:
    """Headers with which the operation may be asked once."""
    headers = dict(caller.headers) if caller and not operation.public else {}
    if operation.method == "POST" and not operation.public:
        headers["Idempotency-Key"] = str(uuid4())
    if operation.method in ("PUT", "PATCH"):
        headers["If-Match"] = '"1"'
    if operation.media_type:
        headers["Content-Type"] = operation.media_type
    return headers


def json_bytes(body: Any) -> bytes:
    """The body as it travels."""
    return json.dumps(body).encode()


@dataclass(frozen=True)
class Callers:
    """Who asks: a member of staff with every role that a CCAS gives, and a machine of the partner that lends there."""

    staff: Staff
    lender: Lender

    def of(self, operation: Operation) -> Staff:
        """Who is not refused the operation for want of a role."""
        return self.lender if operation.of_partners else self.staff


def everyone(databases: Databases, ccas: Ccas) -> Callers:
    """Callers who may together do everything that concerns the CCAS."""
    account_id = add_staff(databases, ccas.id, f"everyone-{uuid4().hex[:6]}", sorted(STAFF_ROLES))
    return Callers(Staff(ccas.agent.client, account_id, ccas.id), lender_of(databases, ccas))


def open_both(databases: Databases, client: AsyncClient) -> Ccas:
    """A CCAS of two communes that lent its own money until 2017, and to whose people a partner lends since, by one
    product.

    Whatever the service knows can be made there: what happens in 2011 and what happens in 2018 find their rules.
    """
    own_funds, partner = (_seed(slug) for slug in ("besancon", "amiens"))
    *earlier, last = own_funds.versions
    lent = replace(
        partner.versions[-1],
        version=last.version + 1,
        valid_from=date(2018, 1, 1),
        valid_from_precision=Precision.DAY,
        products=tuple(
            replace(product, code=last.products[0].code, interest_borne_by=Payer.CITY)
            for product in partner.versions[-1].products
        ),
    )
    versions = (*earlier, replace(last, valid_to=date(2017, 12, 31)), lent)
    own = uuid4().hex[:8]
    communes = (*own_funds.communes, Commune(insee_code=OTHER_COMMUNE, name="Condé-sur-l'Escaut"))
    rules = replace(own_funds, slug=f"both-{own}", communes=communes, versions=versions, agreements=partner.agreements)
    return open_with(databases, client, with_own_partners(rules, own))


def _seed(slug: str) -> TenantRules:
    return read_rules(next(path for path in seed_files() if path.stem == slug))


async def real_identifiers(databases: Databases, ccas: Ccas) -> dict[str, str]:
    """One real identifier of a CCAS of `open_both` for every name that may stand in a path; and its slug.

    The request is the one that was handed over; the loan is another's, of the CCAS's own money.
    """
    loan_id = await disbursed(ccas)
    loan = await ok(ccas.agent.get(f"/loans/{loan_id}"))
    money = await ok(ccas.agent.post(f"/loans/{loan_id}/repayments", repayment(8_500, "2011-02-05", "B-1")))
    ended = await hardly_ended(ccas, loan_id)
    handoff = await lent_by_partner(databases, ccas)
    request = await ok(ccas.agent.get(f"/requests/{handoff['request_id']}"))
    person_id = str(request["applicant_id"])
    authorisations = await ok(ccas.agent.get(f"/people/{person_id}/authorisations"))
    agreements = await ok(ccas.agent.get("/agreements"))
    intake = await _intake_identifiers(ccas, person_id)
    identifiers = {
        "slug": ccas.slug,
        "loan_id": loan_id,
        "request_id": str(request["id"]),
        "person_id": person_id,
        "decision_id": str(loan["decision_id"]),
        "repayment_id": str(money["id"]),
        **ended,
        "disbursement_id": await over_indebted(ccas, loan_id),
        "handoff_id": str(handoff["id"]),
        "authorisation_id": str(authorisations["items"][0]["id"]),
        "agreement_id": str(agreements["items"][0]["id"]),
        **intake,
        **await referred(ccas, request, intake["organisation_id"]),
        **await met(ccas, str(request["id"])),
        "user_id": str(ccas.agent.account_id),
        "account_id": str(ccas.agent.account_id),
        "instructing_agent_id": str(ccas.agent.account_id),
        **await hard_to_repay(databases, ccas, loan_id),
        **await supported(ccas, loan_id, person_id),
        **await related(ccas, person_id),
        **await deliberated(databases, ccas),
        **await accounted(ccas, str(loan["reference"])),
        **third_parties(databases, ccas, loan_id),
        **await proved(databases, ccas),
        **await logged(databases, ccas, str(handoff["id"])),
    }
    identifiers["guarantee_claim_id"] = identifiers["claim_id"]
    handed_on(databases, ccas, identifiers)
    await kept(databases, ccas, str(request["id"]))
    await changed(ccas, loan_id, identifiers["repayment_id"])
    answered_on(databases, ccas, identifiers)
    await managed(ccas, str(request["id"]))
    await told(ccas, identifiers["decision_id"])
    await ok(ccas.manager.post("/logos", logo(png())))
    await answered(ccas, intake["contact_id"], intake["organisation_id"])
    return identifiers


async def proved(databases: Databases, ccas: Ccas) -> dict[str, str]:
    """Second credentials of the partner, and a key that it signed with for a while."""
    lender = lender_of(databases, ccas)
    credential = await ok(lender.post("/partner/credentials"))
    bank = await signing(lender)
    (key,) = (await ok(bank.get(KEYS)))["items"]
    await ok(bank.post(f"{KEYS}/{key['id']}/revocations"))
    return {"credential_id": str(credential["id"]), "signing_key_id": str(key["id"])}


async def hardly_ended(ccas: Ccas, loan_id: str) -> dict[str, str]:
    """A write-off, an erasure, and another that was taken back."""
    path, board = f"/loans/{loan_id}", {"decided_on": "2011-09-20", "decided_by": "board"}
    lost = {"amount_cents": 100, "written_off_on": "2011-09-20", "proposal_reference": "1", "decision": board}
    entry = await ok(ccas.agent.post(f"{path}/write-offs", lost))
    erased = {
        "amount_cents": 100,
        "discharged_on": "2011-09-19",
        "ground": "personal_recovery",
        "decision": board,
    }
    hasty, discharge = [await ok(ccas.agent.post(f"{path}/discharges", erased)) for _ in range(2)]
    back = {"reversed_on": "2011-09-21", "reason": "Erreur"}
    await ok(ccas.agent.post(f"{path}/discharges/{hasty['id']}/reversal", back))
    await ok(ccas.agent.post(f"{path}/litigation", {"opened_on": "2011-10-01"}))
    await ok(ccas.agent.post(f"{path}/litigation/end", {"ended_on": "2011-10-10"}))
    return {"entry_id": str(entry["id"]), "discharge_id": str(discharge["id"])}


async def over_indebted(ccas: Ccas, loan_id: str) -> str:
    """A procedure that was only asked for; and the payment of the loan."""
    filing = {"kind": "filed", "decision": {"decided_on": "2011-02-05", "decided_by": "borrower"}}
    await ok(ccas.agent.post(f"/loans/{loan_id}/over-indebtedness", filing))
    paid = await ok(ccas.agent.get(f"/loans/{loan_id}/disbursements"))
    return str(paid["items"][0]["id"])


async def related(ccas: Ccas, person_id: str) -> dict[str, str]:
    """A relation of the person, and a merge of somebody else into them, taken back and made again."""
    applicant = (await ok(ccas.agent.get(f"/people/{person_id}"))) | {"first_names": "Dominique"}
    body = {name: applicant[name] for name in ("first_names", "birth_name", "birth_on", "commune_insee_code")}
    partner, twice = [
        (await ok(ccas.agent.post("/people", {**body, "birth_on": on})))["id"] for on in ("1985-01-01", "1986-01-01")
    ]
    path = f"/people/{person_id}"
    relation = await ok(ccas.agent.post(f"{path}/relations", {"kind": "partner", "other_person_id": partner}))
    same = {"merged_id": twice, "reason": "Saisie deux fois"}
    hasty = await ok(ccas.agent.post(f"{path}/merges", same))
    await ok(ccas.agent.post(f"{path}/merges/{hasty['id']}/reversal", {"reason": "Trop tôt"}))
    merge = await ok(ccas.agent.post(f"{path}/merges", same))
    return {"relation_id": str(relation["id"]), "merge_id": str(merge["id"])}


async def deliberated(databases: Databases, ccas: Ccas) -> dict[str, str]:
    """A committee with a member, and a session with a file on its agenda, beside one whose minutes are closed: a member
    had left for a file, and the other had voted by name.
    """
    committee = await committee_of(ccas)
    request_id = await submitted(ccas)
    with_rule(databases, ccas, votes="by_name")
    closed = await session_of(ccas, committee=committee)
    left = await closed.act("agenda", {"request_id": request_id})
    await closed.opened()
    await closed.act(f"agenda/{left['id']}/recusals", {"member_id": closed.voter, "reason": "Un parent"})
    ballots = {"ballots": [{"member_id": closed.chair, "vote": "in_favour"}]}
    await closed.act(f"agenda/{left['id']}/votes", ballots)
    await closed.act(f"agenda/{left['id']}/withdraw", {"reason": "Le devis manque"})
    await closed.act("close", by=ccas.decider)
    with_rule(databases, ccas)
    sitting = await (await session_of(ccas, committee=committee)).convened()
    item = await sitting.act("agenda", {"request_id": request_id})
    return {
        "committee_id": sitting.committee.rpartition("/")[2],
        "member_id": sitting.voter,
        "chaired_by": sitting.chair,
        "session_id": sitting.id,
        "agenda_item_id": str(item["id"]),
    }


async def changed(ccas: Ccas, loan_id: str, repayment_id: str) -> None:
    """A payment whose part beyond what was due is in advance, and an instalment that was put off."""
    decision = {"decided_on": "2011-02-20", "decided_by": "president"}
    early = {"repayment_id": repayment_id, "choice": "advance", "decision": decision}
    await ok(ccas.agent.post(f"/loans/{loan_id}/early-repayments", early))
    deferral = {"months": 1, "first_number": 3, "decision": decision}
    await ok(ccas.agent.post(f"/loans/{loan_id}/deferrals", deferral))


async def hard_to_repay(databases: Databases, ccas: Ccas, loan_id: str) -> dict[str, str]:
    """A loan that is late: one instalment is supported, another no more; a letter was sent, a night has noted it."""
    await positioned(ccas, "2011-04-10")
    path = f"/loans/{loan_id}/supports"
    taken_back = await ok(ccas.agent.post(path, support("2011-04-12", (3, 8_500))))
    await ok(ccas.agent.post(f"{path}/{taken_back['id']}/cancellation", {"decision": decided("2011-04-13")}))
    told = await ok(ccas.agent.post(path, support("2011-04-14", (3, 4_000))))
    await ok(ccas.agent.post(f"/loans/{loan_id}/letters", {"kind": "first_unpaid", "sent_on": "2011-04-15"}))
    for table, names, values in (
        (
            "arrears_detections",
            "instalment_ref, due_on, unpaid_cents, position_on, detected_on",
            "2, '2011-03-05', 4500, '2011-04-10', '2011-04-11'",
        ),
        ("nightly_failures", "run_on, error", "'2011-04-11', 'LedgerDrift'"),
    ):
        run_sql(
            databases,
            ccas,
            f"insert into {table} (tenant_id, id, entered_at, loan_id, {names})"
            f" select :tenant_id, gen_random_uuid(), now(), :loan_id, {values}",
            tenant_id=ccas.id,
            loan_id=loan_id,
        )
    return {"support_id": str(told["id"])}


async def accounted(ccas: Ccas, loan_reference: str) -> dict[str, str]:
    """A slip of titles, and a line of the accountant's position on one of them."""
    slip = await ok(ccas.agent.post("/exports/titres", {"due_until": "2011-03-31", "issued_on": "2011-02-01"}))
    columns = "REF_ECHEANCE;DATE_ENCAISSEMENT;MONTANT;ETAT;REF_ENCAISSEMENT;DATE_POSITION"
    content = f"{columns}\r\n{loan_reference}-002;;;PRIS_EN_CHARGE;;28/02/2011\r\n"
    file = {"file_name": "position.csv", "content_base64": b64encode(content.encode()).decode()}
    told = await ok(ccas.agent.post("/imports/positions", file))
    assert [item["status"] for item in told["items"]] == ["recorded"]
    return {"slip_id": str(slip["id"])}


async def managed(ccas: Ccas, request_id: str) -> None:
    """A working time, a limit, and a file that moved and came back."""
    working_time = {"valid_from": "2018-01-01", "fte_percent": 50}
    await ok(ccas.manager.post(f"/users/{ccas.agent.account_id}/working-times", working_time))
    limit = {"measure": "open_files", "per_fte_max": 30, "valid_from": "2018-01-01"}
    await ok(ccas.manager.post("/workload/thresholds", limit))
    for commune in (OTHER_COMMUNE, ccas.insee_code):
        transfer = {"to_commune_insee_code": commune, "transferred_on": "2018-03-02", "reason": "x"}
        await ok(ccas.agent.post(f"/requests/{request_id}/transfers", {**transfer, "person_moved": False}))


async def told(ccas: Ccas, decision_id: str) -> None:
    """A decision that was corrected, then notified, and an envelope of its year."""
    path = f"/decisions/{decision_id}"
    correction = {
        "kind": "material_error",
        "rectified_on": "2011-01-21",
        "reason": "Omission",
        "signatory": "La présidente",
        "corrections": {"body": "Commission", "signatory_capacity": "Présidente", "delegation_reference": "2011-4"},
    }
    await ok(ccas.decider.post(f"{path}/rectifications", correction))
    notice = {"notified_on": "2011-01-24", "channel": "post", "recipient": "applicant"}
    await ok(ccas.agent.post(f"{path}/notifications", notice))
    vote = {"year": 2011, "kind": "grants", "amount_cents": 500_000, "voted_on": "2010-12-14", "reference": "2010-112"}
    await ok(ccas.manager.post("/envelopes", vote))


async def referred(ccas: Ccas, request: Json, organisation_id: str) -> dict[str, str]:
    """A right that was looked at, and a referral that the organisation may answer by a link."""
    authorisation = {"organisation_id": organisation_id, "purposes": ["referral"], "given_on": request["received_on"]}
    await ok(ccas.agent.post(f"/people/{request['applicant_id']}/authorisations", authorisation))
    path, on = f"/requests/{request['id']}", request["received_on"]
    await ok(ccas.agent.post(f"{path}/rights-checks", {"right": "caf", "checked_on": on, "result": "pending"}))
    body = {"organisation_id": organisation_id, "referred_on": on, "by": "phone", "answer_expected_on": on}
    referral = await ok(ccas.agent.post(f"{path}/referrals", body))
    answers = f"/referrals/{referral['id']}/answers"
    await ok(ccas.agent.post(answers, {"answer": "never_went", "answered_on": on}))
    reminder = {"reminded_on": on, "answer_expected_on": on}
    await ok(ccas.agent.post(f"/referrals/{referral['id']}/reminders", reminder))
    until = {"expires_on": str(datetime.now(UTC).date() + timedelta(days=300))}
    link = await ok(ccas.agent.post(f"/referrals/{referral['id']}/links", until))
    return {"referral_id": str(referral["id"]), "token": str(link["token"])}


async def kept(databases: Databases, ccas: Ccas, request_id: str) -> None:
    """What the file keeps of an assessment and of an earlier closing."""
    of_file = {"tenant_id": ccas.id, "id": uuid4(), "request_id": request_id, "account_id": ccas.agent.account_id}
    run_sql(
        databases,
        ccas,
        "insert into assessments (tenant_id, id, request_id, revision, needs, viability, diagnosis,"
        " expected_improvement, opinion, loan_cents, grant_cents, account_id, entered_at) values"
        " (:tenant_id, :id, :request_id, 1, 'x', 'x', 'x', 'x', 'x', 200000, 0, :account_id, now())",
        **of_file,
    )
    run_sql(
        databases,
        ccas,
        "insert into request_reopenings (tenant_id, id, request_id, reason, reopened_on, closed_as, other_answer_kind,"
        " other_answer_on, other_answer_attempts_on, account_id, entered_at) values (:tenant_id, :id, :request_id,"
        " 'x', '2018-03-02', 'withdrawn', 'budget_advice', '2018-03-01', '{}', :account_id, now())",
        **of_file,
    )


def answered_on(databases: Databases, ccas: Ccas, identifiers: dict[str, str]) -> None:
    """What came after the decision and the loan in other lives than theirs: met, ratified, withdrawn."""
    after = {
        "tenant_id": ccas.id,
        "request_id": identifiers["request_id"],
        "decision_id": identifiers["decision_id"],
        "loan_id": identifiers["loan_id"],
        "account_id": ccas.agent.account_id,
    }
    for table, names, values in (
        ("conditions_met", "request_id, decision_id, number, met_on", ":request_id, :decision_id, 1, '2011-01-21'"),
        (
            "ratifications",
            "request_id, decision_id, ratified, ratified_on, signatory",
            ":request_id, :decision_id, true, '2011-01-21', 'x'",
        ),
        ("withdrawals", "loan_id, withdrawn_on", ":loan_id, '2011-01-22'"),
    ):
        run_sql(
            databases,
            ccas,
            f"insert into {table} (tenant_id, id, account_id, entered_at, {names})"
            f" select :tenant_id, gen_random_uuid(), :account_id, now(), {values}",
            **{name: value for name, value in after.items() if f":{name}" in f":tenant_id :account_id {values}"},
        )


def third_parties(databases: Databases, ccas: Ccas, loan_id: str) -> dict[str, str]:
    """A call on a guarantor, paid in part and recovered in part, another taken back; interest borne and given back."""
    names = ("claim_id", "guarantee_payment_id", "guarantee_recovery_id", "borne_interest_statement_id")
    made = {name: str(uuid4()) for name in names}
    wrong = str(uuid4())
    author = {"tenant_id": ccas.id, "account_id": ccas.agent.account_id, "entered_at": datetime.now(UTC)}
    told = {"amount_cents": 100, "reference": "x"}
    claim = {
        "loan_id": loan_id,
        "guarantor": "Fonds",
        "source": "reported_by_staff",
        "reference_use": 1,
        "lost_on": "2012-01-05",
        "principal_cents": 1_000,
        "interest_cents": 0,
        "share_percent": 50,
        "base": "principal",
        "claimed_cents": 500,
    }
    statement_id, claim_id = made["borne_interest_statement_id"], made["claim_id"]
    (partner,) = run_sql(databases, ccas, "select id from partners where code = :code", code=ccas.lender)
    month = {"year": 2018, "month": 5, "payer": "city", "reference": "I-2018-0001", "partner_id": partner["id"]}
    paid = {**told, "claim_id": claim_id, "reference_use": 1, "paid_on": "2012-02-05"}
    recovered = {**told, "loan_id": loan_id, "reference_use": 1, "recovered_on": "2012-03-05"}
    refund = {**told, "loan_id": loan_id, "payer": "city", "refunded_on": "2013-01-05", "conditions": []}
    line = {"statement_id": statement_id, "loan_id": loan_id, "payer": "city", "instalment_ref": 1}
    for table, row in (
        ("guarantee_claims", {**claim, "id": claim_id, "reference": "1"}),
        ("guarantee_claims", {**claim, "id": wrong, "reference": "2"}),
        ("guarantee_reversals", {"claim_id": wrong, "reversed_on": "2012-01-06", "reason": "x"}),
        ("guarantee_payments", {**paid, "id": made["guarantee_payment_id"]}),
        (
            "guarantee_recoveries",
            {**recovered, "id": made["guarantee_recovery_id"], "shares": "[]", "lender_cents": 100},
        ),
        ("borne_interest_statements", {**month, "id": statement_id}),
        ("borne_interest_lines", {**line, "due_on": "2018-05-05", "cents": 760, "correction": False}),
        ("interest_refunds", refund),
    ):
        whole = {"id": str(uuid4()), **author, **row}
        if table == "borne_interest_lines":
            del whole["account_id"]
        columns, values = ", ".join(whole), ", ".join(f":{name}" for name in whole)
        run_sql(databases, ccas, f"insert into {table} ({columns}) values ({values})", **whole)  # noqa: S608
    return made


def handed_on(databases: Databases, ccas: Ccas, identifiers: dict[str, str]) -> None:
    """The claim and the statement as they were handed over to the lender, and taken back."""
    for kind, request_id, column, support_person in (
        ("guarantee_claim", identifiers["request_id"], "guarantee_claim_id", "x"),
        ("interest_statement", None, "borne_interest_statement_id", None),
    ):
        run_sql(
            databases,
            ccas,
            f"insert into handoffs (tenant_id, id, version, request_id, {column}, partner_id, agreement_id, kind,"  # noqa: S608 - the columns above
            " channel, status, support_person, payload_sha256, entered_at) select tenant_id, gen_random_uuid(), 1,"
            " cast(:request_id as uuid), :subject_id, partner_id, agreement_id, :kind, 'api', 'withdrawn',"
            " :support_person, '', now() from handoffs where id = :handoff_id",
            request_id=request_id,
            subject_id=identifiers[column],
            kind=kind,
            support_person=support_person,
            handoff_id=identifiers["handoff_id"],
        )
    run_sql(
        databases,
        ccas,
        "insert into check_renewals"
        " (tenant_id, id, request_id, handoff_id, wanted_on, expired_at, account_id, entered_at)"
        " select tenant_id, gen_random_uuid(), request_id, id, '2018-05-01', now(), :account_id, now() from handoffs"
        " where id = :handoff_id",
        account_id=identifiers["account_id"],
        handoff_id=identifiers["handoff_id"],
    )
    run_sql(
        databases,
        ccas,
        "insert into lender_reports (tenant_id, id, loan_id, partner_id, kind, reference, effect_on, rows,"
        " amount_cents, loss_reference, account_id, entered_at)"
        " select tenant_id, gen_random_uuid(), :loan_id, partner_id, 'recovery', 'RC-1', '2018-05-01', '[]', 1,"
        " 'P-1', :account_id, now() from handoffs where id = :handoff_id",
        loan_id=identifiers["loan_id"],
        account_id=identifiers["account_id"],
        handoff_id=identifiers["handoff_id"],
    )


async def supported(ccas: Ccas, loan_id: str, person_id: str) -> dict[str, str]:
    """A support contract under which something was done, and a workshop to which the person came."""
    path = f"/loans/{loan_id}/support-contracts"
    contract = await ok(ccas.agent.post(path, {"form": "oral", "agreed_on": "2011-01-22"}))
    action = {"kind": "budget_follow_up", "done_on": "2011-03-10"}
    await ok(ccas.agent.post(f"/support-contracts/{contract['id']}/support-actions", action))
    workshop = await ok(ccas.agent.post("/workshops", {"title": "Gérer son budget", "held_on": "2011-05-17"}))
    attendance = {"person_id": person_id, "status": "attended"}
    await ok(ccas.agent.post(f"/workshops/{workshop['id']}/attendances", attendance))
    return {"support_contract_id": str(contract["id"]), "workshop_id": str(workshop["id"])}


async def met(ccas: Ccas, request_id: str) -> dict[str, str]:
    """An appointment that was missed, a paper that is awaited, a note, and another that was struck out."""
    path = f"/requests/{request_id}"
    hour = {"starts_at": "2018-03-02T09:00:00Z", "kind": "desk", "status": "attended"}
    appointment = await ok(ccas.agent.post(f"{path}/appointments", hour))
    await ok(ccas.agent.post(f"/appointments/{appointment['id']}/outcome", {"status": "missed"}))
    paper = await ok(ccas.agent.post(f"{path}/papers", {"code": "quote", "asked_on": "2018-03-02"}))
    notes = [
        await ok(ccas.agent.post(f"{path}/notes", {"text": text, "visibility": "shared"})) for text in ("Un", "Deux")
    ]
    await ok(ccas.agent.post(f"/notes/{notes[1]['id']}/strike"))
    identifiers = (appointment["id"], paper["id"], notes[0]["id"])
    return dict(zip(("appointment_id", "paper_id", "note_id"), map(str, identifiers), strict=True))


async def answered(ccas: Ccas, contact_id: str, organisation_id: str) -> None:
    """What came of the contact, and another one that has ended."""
    hour = {"starts_at": "2018-03-02T09:00:00Z", "kind": "phone", "status": "attended"}
    await ok(ccas.agent.post(f"/contacts/{contact_id}/appointments", hour))
    referral = {"organisation_id": organisation_id, "referred_on": "2018-03-02", "by": "phone"}
    await ok(ccas.agent.post(f"/contacts/{contact_id}/referrals", {**referral, "answer_expected_on": "2018-04-02"}))
    other = {"contacted_on": "2018-03-02", "channel": "phone", "commune_insee_code": ccas.insee_code}
    other_id = (await ok(ccas.agent.post("/contacts", other)))["id"]
    end = {"reason_code": "referred_elsewhere", "other_answer": {"kind": "budget_advice", "given_on": "2018-03-02"}}
    await ok(ccas.agent.post(f"/contacts/{other_id}/close", {**end, "closed_on": "2018-03-02"}))


async def _intake_identifiers(ccas: Ccas, person_id: str) -> dict[str, str]:
    """A prescriber, and a contact of the person from it whose sheet lacks nothing to become a request."""
    organisation = {"name": "Mission Locale", "kinds": ["prescriber", "referral"]}
    prescriber_id = str((await ok(ccas.agent.post("/organisations", organisation)))["id"])
    told = demand(ccas, prescriber_id=prescriber_id)
    contact = {name: told[name] for name in ("channel", "purpose", "commune_insee_code", "prescriber_id")}
    asked = ("household", "project_description", "project_cost_cents", "requested_amount_cents")
    contact |= {
        "contacted_on": told["received_on"],
        "person_id": person_id,
        "sheet": {name: told[name] for name in asked},
    }
    return {
        "organisation_id": prescriber_id,
        "prescriber_id": prescriber_id,
        "contact_id": str((await ok(ccas.agent.post("/contacts", contact)))["id"]),
    }


async def lent_by_partner(databases: Databases, ccas: Ccas) -> Json:
    """The handoff of a loan of 2 000 € that the partner has offered, paid out, and told a first repayment of."""
    lender = lender_of(databases, ccas)
    handoff = await sent(ccas, None, 200_000, 24)
    await accepted_by(lender, handoff)
    await paid_out(ccas, lender, handoff, offer(200_000, 24, "6.20"))
    statement = {"position_on": "2018-05-31", "items": [repayment_line(handoff, 8_882, "2018-05-05", "R-1")]}
    told = await ok(lender.post("/partner/repayments", statement))
    assert [item["status"] for item in told["items"]] == ["recorded"]
    call = {"reference": "G-1", "called_on": "2018-05-31", "guarantor": "Fonds", "amount_cents": 1}
    await ok(lender.post(f"/partner/handoffs/{handoff['id']}/guarantee-calls", {**call, "loss_reference": "P-1"}))
    letter = {"reference": "L-1", "dated_on": "2018-06-30"}
    told_by_letter = {"partner": ccas.lender, "position_on": "2018-05-31", "items": [], "letter": letter}
    await ok(ccas.agent.post("/lender-statements", told_by_letter))
    await ok(ccas.agent.post(f"/handoffs/{handoff['id']}/links", {"officer": "Dominique Modèle"}))
    return handoff
