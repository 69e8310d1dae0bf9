"""What is asked of the service, written once: wrk and pgbench both draw their requests from here."""

import json
from dataclasses import dataclass
from datetime import date, timedelta

from benchmarks.database import LOANS, REQUESTS, FilledTenant, identifier

_KINDS = {"request": "8002", "decision": "8003", "loan": "8004", "schedule": "800a"}  # as in fill.sql
_DAY = (date.today() - timedelta(days=2)).isoformat()  # noqa: DTZ011 - two days before any tenant's today


@dataclass(frozen=True, slots=True)
class Workload:
    """One kind of request. `{request}`, `{loan}` and `{unique}` stand for what changes from one to the next."""

    name: str
    method: str
    path: str
    numbers: int
    at_least: int | None
    body: str | None = None

    def filled(self, number: int, unique: str) -> tuple[str, str | None]:
        """Path and body of the request about the rows of a number."""
        names = identifiers(number)
        path = self.path.format(**names)
        return path, self.body and self.body.replace("{unique}", unique)

    def lua(self, first: int) -> tuple[str, str]:
        """Path and body as Lua expressions over `n` and `unique`, where `n` begins at `first`."""
        path, body = json.dumps(self.path), json.dumps(self.body or "")
        for name, kind in _KINDS.items():
            number = f'" .. string.format("00000000-0000-7000-{kind}-%012x", {first} + n) .. "'
            path = path.replace("{" + name + "}", number)
        return path, body.replace("{unique}", '" .. unique .. "')


def identifiers(number: int) -> dict[str, str]:
    """The identifiers of the rows of a number, by what they are."""
    return {name: str(identifier(kind, number)) for name, kind in _KINDS.items()}


def sql_identifiers() -> dict[str, str]:
    """The same as SQL expressions over the pgbench variable `:n`."""
    return {name: f"'00000000-0000-7000-{kind}-' || lpad(to_hex(:n::bigint), 12, '0')" for name, kind in _KINDS.items()}


def numbers(workload: Workload, tenant: FilledTenant) -> range:
    """The numbers of the rows of a tenant that the workload asks for."""
    return range(tenant.first, tenant.first + workload.numbers)


_REPAYMENT = f'{{"amount_cents":1,"received_on":"{_DAY}","source":"public_accountant","reference":"{{unique}}"}}'

WORKLOADS = (
    Workload("reads by id", "GET", "/v1/requests/{request}", REQUESTS, at_least=800),
    Workload("lists of 100", "GET", "/v1/requests?limit=100", REQUESTS, at_least=300),
    Workload("loans on a day", "GET", f"/v1/loans/{{loan}}?as_of={_DAY}", LOANS, at_least=None),
    Workload("repayments posted", "POST", "/v1/loans/{loan}/repayments", LOANS, at_least=150, body=_REPAYMENT),
)
