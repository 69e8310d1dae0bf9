"""What the tests speak with: a CCAS of their own and its staff, over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from httpx import AsyncClient, Response
from sqlalchemy import Engine, create_engine, make_url, text

from app.commands.tenants import load_tenant, read_rules
from app.domain.permissions import Role
from app.domain.products import Product
from app.domain.rules import TenantRules
from app.security import Credential, sign_token
from app.tenants import seed_files

TOKEN_SECRET = "a secret for tests alone, long enough to sign with"
ENCRYPTION_KEYS = "a-key-for-tests-alone-long-enough-to-seal-with"
_numbers = count(1)

Json = dict[str, Any]


@dataclass(frozen=True)
class Databases:
    """The addresses of one database, as its owner and as the role that serves."""

    admin_url: str
    owner_url: str
    app_url: str

    @staticmethod
    def on(admin_url: str, name: str) -> "Databases":
        """The addresses of a database on a server."""
        admin, owner, app = (
            make_url(admin_url).set(username=user, database=name)
            for user in (make_url(admin_url).username, "microcredit_owner", "app")
        )
        return Databases(*(url.render_as_string(hide_password=False) for url in (admin, owner, app)))

    def owner(self) -> Engine:
        """An engine as the owner; the caller disposes of it."""
        return create_engine(self.owner_url)


class Staff:
    """One account over HTTP; every POST carries an Idempotency-Key of its own unless one is given."""

    def __init__(
        self, client: AsyncClient, account_id: UUID, tenant_id: UUID | None, partner_id: UUID | None = None
    ) -> None:
        self.client = client
        self.account_id = account_id
        self.tenant_id = tenant_id
        self.partner_id = partner_id
        credential = Credential(account_id, tenant_id, partner_id)
        token = sign_token(credential, secret=TOKEN_SECRET, now=datetime.now(UTC))
        self.headers = {"Authorization": f"Bearer {token}"}

    async def get(self, path: str, **query: Any) -> Response:
        """GET under /v1."""
        return await self.client.get(f"/v1{path}", params=query, headers=self.headers)

    async def post(self, path: str, body: Any = None, *, key: str | None = None) -> Response:
        """POST under /v1."""
        headers = {**self.headers, "Idempotency-Key": key or str(uuid4())}
        return await self.client.post(f"/v1{path}", json=body, headers=headers)

    async def put(self, path: str, body: Any, *, etag: str | None) -> Response:
        """PUT under /v1, of the version named by the ETag."""
        return await self.client.put(f"/v1{path}", json=body, headers=self._matching(etag))

    async def patch(self, path: str, body: Any, *, etag: str | None) -> Response:
        """PATCH under /v1, of the version named by the ETag."""
        return await self.client.patch(f"/v1{path}", json=body, headers=self._matching(etag))

    def _matching(self, etag: str | None) -> Mapping[str, str]:
        return self.headers if etag is None else {**self.headers, "If-Match": etag}


@dataclass(frozen=True)
class Ccas:
    """A CCAS of one test, its rules, and one account for each role. `lender` is the code of whom its rules name."""

    id: UUID
    slug: str
    insee_code: str
    lender: str
    agent: Staff
    decider: Staff
    manager: Staff
    asks_action_plan: bool


def open_ccas(databases: Databases, client: AsyncClient, rules_of: str) -> Ccas:
    """Opens a CCAS with the rules of a seed tenant under a slug, and with partners, that no other test has."""
    path = next(path for path in seed_files() if path.stem == rules_of)
    own = f"{next(_numbers)}_{uuid4().hex[:6]}"
    rules = with_own_partners(replace(read_rules(path), slug=f"{rules_of}-{own.replace('_', '-')}"), own)
    return open_with(databases, client, rules)


def with_own_partners(rules: TenantRules, own: str) -> TenantRules:
    """The rules with partners of their own: partners are the same for all the tenants of a database."""
    named = {agreement.partner: f"{agreement.partner}_{own}" for agreement in rules.agreements}
    agreements = tuple(replace(agreement, partner=named[agreement.partner]) for agreement in rules.agreements)
    versions = tuple(
        replace(version, products=tuple(_lent_by(product, named) for product in version.products))
        for version in rules.versions
    )
    return replace(rules, versions=versions, agreements=agreements)


def _lent_by(product: Product, named: dict[str, str]) -> Product:
    lender, *others = (replace(one, code=named.get(one.code, one.code)) for one in product.lenders)
    return replace(product, lender=lender, other_lenders=tuple(others))


def open_with(databases: Databases, client: AsyncClient, rules: TenantRules) -> Ccas:
    """Opens a CCAS with these rules, and one account for each role."""
    tenant_id = load_tenant(databases.owner_url, rules)
    staff = {
        role: Staff(client, add_staff(databases, tenant_id, role.value, [role]), tenant_id)
        for role in (Role.AGENT, Role.DECIDER, Role.MANAGER)
    }
    return Ccas(
        id=tenant_id,
        slug=rules.slug,
        insee_code=rules.communes[0].insee_code,
        lender=rules.versions[-1].products[0].lender.code,
        agent=staff[Role.AGENT],
        decider=staff[Role.DECIDER],
        manager=staff[Role.MANAGER],
        asks_action_plan=bool(rules.versions[-1].products[0].action_plan_before_start),
    )


def add_staff(databases: Databases, tenant_id: UUID, login: str, roles: list[Role]) -> UUID:
    """Adds an account that never signs in: tests make its tokens themselves, as hashing takes its time."""
    account_id = uuid4()
    engine = databases.owner()
    with engine.begin() as connection:
        connection.execute(text("select set_config('app.tenant_id', :id, true)"), {"id": str(tenant_id)})
        connection.execute(
            text(
                "insert into accounts (tenant_id, id, login, password_hash, roles, active, entered_at)"
                " values (:tenant_id, :id, :login, 'never matches', :roles, true, now())"
            ),
            {
                "tenant_id": tenant_id,
                "id": account_id,
                "login": login,
                "roles": [role.value for role in roles],
            },
        )
    engine.dispose()
    return account_id


def desk_of(databases: Databases, ccas: Ccas) -> Staff:
    """The phone desk of a CCAS."""
    return Staff(ccas.agent.client, add_staff(databases, ccas.id, f"desk-{uuid4().hex[:6]}", [Role.DESK]), ccas.id)


def demand(ccas: Ccas, **changes: Any) -> Json:
    """A demand for 2 000 € towards a car, or for all that it costs otherwise, received on 3 January 2011."""
    return {
        "applicant": {
            "first_names": "Camille",
            "birth_name": "Exemple",
            "birth_on": "1988-03-02",
            "commune_insee_code": ccas.insee_code,
        },
        "household": {"adults": 1, "minor_children": 0},
        "commune_insee_code": ccas.insee_code,
        "channel": "phone",
        "purpose": "vehicle_purchase",
        "project_description": "Une voiture pour aller travailler",
        "project_cost_cents": 200_000,
        "requested_amount_cents": changes.get("project_cost_cents", 200_000),
        "received_on": "2011-01-03",
        **changes,
    }


BUDGET: Json = {
    "resources": [{"kind": "rsa", "amount_cents": 45_000}],
    "charges": [{"kind": "rent", "amount_cents": 20_000}],
    "assessed_capacity_cents": 250_000,
}
# What the four CCAS ask to be attested of every file.
ATTESTED = ("no_other_aid", "excluded_from_credit", "engaged_in_project")
WHOLE_LOAN: Json = {"lines": [{"label": "Microcrédit", "kind": "loan", "amount_cents": 200_000}]}
APPROVAL: Json = {
    "outcome": "approve",
    "loan": {"amount_cents": 200_000, "instalment_cents": 8_500, "remainder_on": "first"},
    "decided_on": "2011-01-20",
    "signatory": "La présidente de la commission",
}
OTHER_ANSWER: Json = {"kind": "budget_advice", "given_on": "2011-01-21"}
ACTION_PLAN: Json = {
    "objectives": ["Tenir son budget"],
    "actions": [
        {"kind": "individual", "label": "Accompagnement individuel"},
        {"kind": "group", "label": "Modules collectifs"},
    ],
}


def attestation(fact: str, **changes: Any) -> Json:
    """An attestation that a fact holds, by the agent."""
    return {"fact": fact, "holds": True, "attested_by": "L’agent instructeur", "attested_on": "2011-01-03", **changes}


async def submitted(ccas: Ccas, plan: Json | None = None, **changes: Any) -> str:
    """The identifier of a request that lies before the commission."""
    request = await ok(ccas.agent.post("/requests", demand(ccas, **changes)))
    path = f"/requests/{request['id']}"
    for fact in ATTESTED:
        await ok(ccas.agent.post(f"{path}/attestations", attestation(fact, attested_on=request["received_on"])))
    await ok(ccas.agent.post(f"{path}/assess"))
    budget = await ok(ccas.agent.put(f"{path}/budget", BUDGET, etag='"2"'))
    await ok(ccas.agent.put(f"{path}/financing-plan", plan or WHOLE_LOAN, etag=f'"{budget["version"]}"'))
    await agreed(ccas, path)
    await ok(ccas.agent.post(f"{path}/submit"))
    return str(request["id"])


async def agreed(ccas: Ccas, path: str) -> None:
    """An action plan in the file, where the rules ask for one."""
    if ccas.asks_action_plan:
        await ok(ccas.agent.put(f"{path}/action-plan", ACTION_PLAN, etag=await etag_of(ccas.agent, path)))


async def offered(ccas: Ccas, **terms: Any) -> str:
    """The identifier of a loan that is offered on the terms of APPROVAL."""
    request_id = await submitted(ccas)
    await ok(ccas.decider.post(f"/requests/{request_id}/decisions", APPROVAL))
    offer = {"offered_on": "2011-01-21", "first_due_on": "2011-02-05", **terms}
    return str((await ok(ccas.agent.post(f"/requests/{request_id}/loans", offer)))["id"])


async def disbursed(ccas: Ccas, **terms: Any) -> str:
    """The identifier of a loan of 2 000 € that is signed and paid out on 30 January 2011."""
    loan_id = await offered(ccas, **terms)
    for party in ("ccas", "borrower"):
        await ok(ccas.agent.post(f"/loans/{loan_id}/signatures", {"party": party, "signed_on": "2011-01-22"}))
    payment = {"amount_cents": 200_000, "disbursed_on": "2011-01-30", "payee": {"kind": "supplier"}}
    await ok(ccas.agent.post(f"/loans/{loan_id}/disbursements", payment))
    await told_until(ccas)
    return loan_id


async def told_until(ccas: Ccas, day: date | None = None) -> None:
    """The public accountant has told all that was paid up to a day, today where none is given."""
    position = {"position_on": (day or datetime.now(UTC).date()).isoformat(), "reference": "Position"}
    await ok(ccas.agent.post("/positions", position))


def repayment(amount_cents: int, received_on: str, reference: str) -> Json:
    """A repayment as the public accountant's position tells it."""
    return {
        "amount_cents": amount_cents,
        "received_on": received_on,
        "source": "public_accountant",
        "reference": reference,
    }


async def ok(answer: Any) -> Json:
    """The body of a 2xx; fails with the problem otherwise."""
    response = await answer
    assert response.is_success, f"{response.request.method} {response.request.url}: {response.text}"
    body: Json = response.json()
    return body


async def refused(answer: Any, status: int, code: str) -> Json:
    """The problem of a refusal, whose status and code are as expected."""
    response = await answer
    assert (response.status_code, response.json().get("code")) == (status, code), response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: Json = response.json()
    return body


def run_sql(databases: Databases, ccas: Ccas, statement: str, *, as_owner: bool = False, **values: Any) -> list[Any]:
    """The rows that a statement gives in the CCAS's own database, as the role that serves unless asked otherwise."""
    engine = create_engine(databases.owner_url if as_owner else databases.app_url)
    try:
        with engine.begin() as connection:
            connection.execute(text("select set_config('app.tenant_id', :id, true)"), {"id": str(ccas.id)})
            result = connection.execute(text(statement), values)
            return list(result.mappings()) if result.returns_rows else []
    finally:
        engine.dispose()


async def etag_of(staff: Staff, path: str) -> str:
    """The ETag that a resource has now."""
    response = await staff.get(path)
    assert response.is_success, response.text
    return str(response.headers["etag"])


async def approved(ccas: Ccas, plan: Json | None = None, decision: Json | None = None, **changes: Any) -> str:
    """The identifier of a request whose loan was approved on the terms of APPROVAL, changed by `decision`."""
    request_id = await submitted(ccas, plan, **changes)
    await ok(ccas.decider.post(f"/requests/{request_id}/decisions", {**APPROVAL, **(decision or {})}))
    return request_id


async def accepted(ccas: Ccas, **terms: Any) -> str:
    """The identifier of a loan that both parties signed on 22 January 2011."""
    loan_id = await offered(ccas, **terms)
    for party in ("ccas", "borrower"):
        await ok(ccas.agent.post(f"/loans/{loan_id}/signatures", {"party": party, "signed_on": "2011-01-22"}))
    return loan_id


async def offered_on(ccas: Ccas, day: str, **terms: Any) -> str:
    """The identifier of a loan approved and offered on one day, first due in the second month after it."""
    earlier, due = date.fromisoformat(day) - timedelta(days=20), date.fromisoformat(day) + timedelta(days=50)
    request_id = await approved(ccas, None, {"decided_on": day}, received_on=earlier.isoformat())
    offer = {"offered_on": day, "first_due_on": due.isoformat(), **terms}
    return str((await ok(ccas.agent.post(f"/requests/{request_id}/loans", offer)))["id"])
