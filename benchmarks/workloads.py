"""What is asked of the service, written once: wrk and pgbench both draw their requests from here."""

import json
from dataclasses import dataclass
from datetime import date, timedelta

from benchmarks.database import LOANS, REQUESTS, FilledTenant, identifier

# As in fill.sql and fill_lender.sql.
_KINDS = {"request": "8002", "decision": "8003", "loan": "8004", "schedule": "800a", "handoff": "800f"}
_DAY = (date.today() - timedelta(days=2)).isoformat()  # noqa: DTZ011 - two days before any tenant's today


@dataclass(frozen=True, slots=True)
class Workload:
    """One kind of request. `{request}`, `{loan}`, `{unique}`, … stand for what changes from one to the next.

    With `items`, `body` is one item of many in a request, about as many rows in a row, `after` those of the single
    requests, so that each is told for the first time.
    """

    name: str
    method: str
    path: str
    numbers: int
    at_least: int | None
    body: str | None = None
    by_lender: bool = False
    items: int = 1
    after: int = 0

    def filled(self, number: int, unique: str) -> tuple[str, str | None]:
        """Path and body of the request about the rows of a number, or from it on."""
        path = self.path.format(**identifiers(number))
        if self.body is None or self.items == 1:
            return path, self.body and _named(self.body, identifiers(number), unique)
        items = (_named(self.body, identifiers(number + k), f"{unique}-{k}") for k in range(self.items))
        return path, '{"items":[' + ",".join(items) + "]}"

    def lua(self) -> tuple[str, str]:
        """Path and body as Lua expressions over `row` and `unique`."""
        numbered = {
            name: f'" .. string.format("00000000-0000-7000-{kind}-%012x", row) .. "' for name, kind in _KINDS.items()
        }
        path, body = (_named(json.dumps(text or ""), numbered, '" .. unique .. "') for text in (self.path, self.body))
        return path, body


def _named(text: str, names: dict[str, str], unique: str) -> str:
    for name, value in {**names, "unique": unique}.items():
        text = text.replace("{" + name + "}", value)
    return text


def identifiers(number: int) -> dict[str, str]:
    """The identifiers of the rows of a number, by what they are."""
    return {name: str(identifier(kind, number)) for name, kind in _KINDS.items()}


def sql_identifiers(after: int = 0) -> dict[str, str]:
    """The same as SQL expressions over the pgbench variable `:n`, so many rows after it."""
    row = f"to_hex(:n::bigint + {after})" if after else "to_hex(:n::bigint)"
    return {name: f"'00000000-0000-7000-{kind}-' || lpad({row}, 12, '0')" for name, kind in _KINDS.items()}


def numbers(workload: Workload, tenant: FilledTenant) -> range:
    """The numbers of the rows of a tenant that the workload asks for, or begins at."""
    start = tenant.first + workload.after
    return range(start, start + workload.numbers, workload.items)


_REPAYMENT = f'{{"amount_cents":1,"received_on":"{_DAY}","source":"public_accountant","reference":"{{unique}}"}}'
_CHECK = (
    '{"handoff_id":"{handoff}","stage":"precheck","outcome":"favorable",'
    f'"consulted_at":"{_DAY}T09:30:00Z","consultation_ref":"{{unique}}"}}'
)
_CHECKS = "/v1/partner/ficp-checks"
BATCH = 500

WORKLOADS = (
    Workload("reads by id", "GET", "/v1/requests/{request}", REQUESTS, at_least=800),
    Workload("lists of 100", "GET", "/v1/requests?limit=100", REQUESTS, at_least=300),
    Workload("loans on a day", "GET", f"/v1/loans/{{loan}}?as_of={_DAY}", LOANS, at_least=None),
    Workload("repayments posted", "POST", "/v1/loans/{loan}/repayments", LOANS, at_least=150, body=_REPAYMENT),
    Workload("FICP pushes", "POST", _CHECKS, REQUESTS, at_least=None, body=_CHECK, by_lender=True),
    Workload(
        f"FICP items, by {BATCH}",
        "POST",
        _CHECKS,
        REQUESTS,
        at_least=None,
        body=_CHECK,
        by_lender=True,
        items=BATCH,
        after=REQUESTS,
    ),
)
