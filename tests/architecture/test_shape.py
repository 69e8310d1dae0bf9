"""The shape of the house: layers, sizes, one-line routes, one word for one slice, a sentence for every refusal."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from enum import StrEnum
from inspect import cleandoc
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from fastapi.routing import APIRoute
from pydantic_core import PydanticCustomError

from app.domain import (
    accounting_errors,
    appointment_lifecycle,
    arrears_errors,
    borne_interest_errors,
    check_errors,
    committee_errors,
    contract_errors,
    credential_errors,
    decision_errors,
    desk_errors,
    disbursement_errors,
    document_errors,
    eligibility,
    ending_errors,
    envelope_errors,
    errors,
    event_errors,
    ficp,
    file_errors,
    guarantee_errors,
    handoff_errors,
    handoff_lifecycle,
    intake_errors,
    lending_limits,
    link_errors,
    loan_lifecycle,
    means,
    meeting_errors,
    offers,
    over_indebtedness_errors,
    papers,
    partner_errors,
    people_errors,
    rectification_errors,
    referral_errors,
    referral_lifecycle,
    request_lifecycle,
    rule_errors,
    schedule_errors,
    sealing_errors,
    session_lifecycle,
    support_errors,
    telling_errors,
    webhook_errors,
)
from app.domain.breaches import Breach
from app.domain.channels import Channel
from app.domain.errors import EditConflict, FieldFault, MicrocreditError
from app.domain.operation_roles import ROLES
from app.domain.over_indebtedness import ProcedureEventKind
from app.domain.products import ASKED_FOR, Party
from app.domain.webhook_targets import UrlFault
from app.errors import STATUSES
from app.parameters.yaml_file import load_yaml
from app.routing import Problem
from app.schemas import faults
from tests.openapi import built_app, document, operations, routes

ROOT = Path(__file__).parents[2]
APP = ROOT / "app"
MODULES = sorted(APP.rglob("*.py"))
FILE_LINES_MAX, FUNCTION_LINES_MAX = 320, 50

# Operations that ask for no credential. Whoever adds one here has thought about it.
PUBLIC = frozenset(
    {
        "auth_token",
        "health_live",
        "health_ready",
        "lender_answers_create_by_link",
        "lender_answers_read_by_link",
        "referral_answers_create_by_link",
        "referral_answers_read_by_link",
        "simulations_create",
        "tenants_list",
        "tenants_read",
        "tenants_rules",
        "tenants_rule_versions",
    }
)
# Routers that are not about a concept of the trade: they have no slice of the same name in every layer.
NO_SLICE = frozenset({"docs", "health"})

MODULES_OF_ERRORS = (
    arrears_errors.__name__,
    accounting_errors.__name__,
    borne_interest_errors.__name__,
    guarantee_errors.__name__,
    handoff_errors.__name__,
    check_errors.__name__,
    committee_errors.__name__,
    decision_errors.__name__,
    contract_errors.__name__,
    credential_errors.__name__,
    desk_errors.__name__,
    ending_errors.__name__,
    disbursement_errors.__name__,
    envelope_errors.__name__,
    document_errors.__name__,
    event_errors.__name__,
    errors.__name__,
    file_errors.__name__,
    intake_errors.__name__,
    link_errors.__name__,
    meeting_errors.__name__,
    over_indebtedness_errors.__name__,
    partner_errors.__name__,
    people_errors.__name__,
    rectification_errors.__name__,
    referral_errors.__name__,
    rule_errors.__name__,
    schedule_errors.__name__,
    sealing_errors.__name__,
    support_errors.__name__,
    webhook_errors.__name__,
    telling_errors.__name__,
)
MESSAGES = {language: load_yaml(APP / "messages" / f"{language}.yaml") for language in ("fr", "en")}


def parsed(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text())


def place(path: Path, node: ast.AST | None = None) -> str:
    """Where in the project."""
    return path.relative_to(ROOT).as_posix() + (f":{node.lineno}" if isinstance(node, ast.stmt | ast.expr) else "")


def placeholders(template: str) -> set[str]:
    """The names that a message has filled in."""
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


# Layers.


def test_imports_flow_one_way_through_layers_that_name_every_package() -> None:
    linted = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_the_contract_of_the_layers_is_exhaustive_and_ignores_nothing() -> None:
    settings = (ROOT / "pyproject.toml").read_text()
    assert "exhaustive = true" in settings
    assert "ignore_imports" not in settings
    assert "exhaustive_ignores" not in settings


def test_the_domain_imports_the_standard_library_and_itself() -> None:
    outside = [
        f"{place(path, node)} imports {name}"
        for path in MODULES
        if path.is_relative_to(APP / "domain")
        for node, name in imports(path)
        if name.partition(".")[0] not in sys.stdlib_module_names and not name.startswith("app.domain")
    ]
    assert outside == []


def test_services_and_tables_know_nothing_of_http() -> None:
    knowing = [
        f"{place(path, node)} imports {name}"
        for folder in ("services", "tables", "partners", "documents", "domain")
        for path in (APP / folder).rglob("*.py")
        for node, name in imports(path)
        if name.partition(".")[0] in ("fastapi", "starlette", "uvicorn")
        # What goes out to a partner over HTTP needs a client.
        or (name.partition(".")[0] == "httpx" and folder != "partners")
    ]
    assert knowing == []


def test_the_domain_has_no_clock_no_log_and_no_io() -> None:
    outside = [
        f"{place(path, node)}"
        for path in (APP / "domain").rglob("*.py")
        for node in ast.walk(parsed(path))
        if (isinstance(node, ast.Attribute) and node.attr in ("now", "today", "utcnow", "getLogger", "environ"))
        or (isinstance(node, ast.Name) and node.id in ("open", "print", "input"))
    ]
    assert outside == []


def imports(path: Path) -> Iterator[tuple[ast.stmt, str]]:
    """Every import of a file, with the full name of the module."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{place(path, node)}: imports name their module in full"
            yield node, node.module or ""


# Sizes.


def test_files_fit_in_the_head() -> None:
    long = {place(path): lines for path in MODULES if (lines := len(path.read_text().splitlines())) > FILE_LINES_MAX}
    assert long == {}, "split the concept, not the file"


def test_functions_fit_on_a_screen() -> None:
    long = {
        f"{place(path, node)} {node.name}": lines
        for path in MODULES
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES_MAX
    }
    assert long == {}


def test_no_file_is_named_for_holding_anything() -> None:
    nameless = [place(path) for path in MODULES if re.fullmatch(r"(utils?|helpers?|misc|common|.*\d)", path.stem)]
    assert nameless == []


def test_every_module_class_and_public_function_says_what_it_is() -> None:
    silent = [
        f"{place(path, node)} {getattr(node, 'name', '')}"
        for path in MODULES
        for node in documented(path)
        if ast.get_docstring(node) is None
    ]
    assert silent == []


def documented(path: Path) -> Iterator[ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    """What is to have a docstring: a module that is not empty, and what is public in it."""
    module = parsed(path)
    if module.body:
        yield module
    for node in module.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield node


# Routes.


def endpoints() -> Iterator[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every function that answers a route."""
    for path in sorted((APP / "routers").glob("*.py")):
        for node in parsed(path).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.decorator_list:
                yield path, node


def test_every_route_is_one_return_of_one_call() -> None:
    found = list(endpoints())
    assert len(found) >= len(operations())
    longer = [
        f"{place(path, node)} {node.name}"
        for path, node in found
        if not isinstance(node, ast.AsyncFunctionDef)
        or [type(statement) for statement in node.body[1:]] != [ast.Return]
        or any(isinstance(part, ast.If | ast.IfExp | ast.For | ast.Try) for part in ast.walk(node))
    ]
    assert longer == []


def test_routers_hold_routes_and_nothing_else() -> None:
    names = {(path, node.name) for path, node in endpoints()}
    others = [
        f"{place(path, node)} {node.name}"
        for path in (APP / "routers").glob("*.py")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and (path, node.name) not in names
    ]
    assert others == []


def test_every_operation_is_in_the_table_of_roles_or_on_the_public_list() -> None:
    known = {operation.id for operation in operations()}
    assert known - PUBLIC - set(ROLES) == set(), "nobody may do these: name their roles in domain/permissions.py"
    assert PUBLIC & set(ROLES) == set()
    assert set(ROLES) - known == set(), "no such operations"


def test_what_asks_for_a_credential_is_what_is_not_public() -> None:
    assert {operation.id for operation in operations() if operation.public} == PUBLIC & {o.id for o in operations()}


def test_operations_are_named_for_their_file_and_function_once() -> None:
    names = [operation.id for operation in operations()]
    assert len(names) == len(set(names))
    expected = {
        f"{route.endpoint.__module__.rpartition('.')[2]}_{route.endpoint.__name__.rstrip('_')}"
        for route in routes()
        if route.include_in_schema
    }
    assert set(names) == expected


def test_no_route_is_left_out_of_the_document_but_the_documentation_itself() -> None:
    hidden = {route.path for route in routes() if not route.include_in_schema}
    assert hidden == {"/docs", "/redoc"}
    plain = {route.path for route in built_app().routes if getattr(route, "include_in_schema", True) is False}
    assert plain - hidden <= {"/openapi.json"}


def test_no_route_is_hidden_by_the_path_of_one_before_it() -> None:
    before: list[APIRoute] = []
    hidden = []
    for route in routes():
        hidden += [
            (one.path, route.path)
            for one in before
            if one.methods & route.methods and one.path_regex.fullmatch(route.path)
        ]
        before.append(route)
    assert hidden == []


def test_every_post_declares_its_idempotency_key_and_every_edit_its_version() -> None:
    keyless = [
        operation.id
        for operation in operations()
        if operation.method == "POST" and not operation.public
        if "idempotency-key" not in {name.lower() for name in operation.parameters("header")}
    ]
    unversioned = [
        operation.id
        for operation in operations()
        if operation.method in ("PUT", "PATCH")
        if "if-match" not in {name.lower() for name in operation.parameters("header")}
    ]
    assert (keyless, unversioned) == ([], [])


def test_schemas_have_one_name_each() -> None:
    names = list(document()["components"]["schemas"])
    assert [name for name in names if name.endswith(("-Input", "-Output"))] == []
    assert [name for name in names if "__" in name] == [], "two classes of one name in two modules"


def test_objects_that_are_sent_refuse_unknown_fields() -> None:
    open_ = {
        operation.id
        for operation in operations()
        for schema in inputs(operation.body_schema or {})
        if schema.get("type") == "object" and schema.get("additionalProperties") is not False
    }
    assert open_ == set()


def test_texts_and_lists_that_are_sent_have_a_greatest_length() -> None:
    unbounded = {
        f"{operation.id}: {schema.get('title', schema)}"
        for operation in operations()
        for schema in inputs(operation.body_schema or {})
        if (schema.get("type") == "array" and "maxItems" not in schema)
        or (schema.get("type") == "string" and not {"maxLength", "enum", "const", "format", "pattern"} & set(schema))
    }
    assert unbounded == set()


def inputs(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A schema and every schema in it."""
    if "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    yield schema
    for inner in (*schema.get("anyOf", []), *schema.get("properties", {}).values(), schema.get("items", {})):
        if inner:
            yield from inputs(inner)


# Slices.


def test_a_router_has_schemas_and_services_of_its_name() -> None:
    missing = [
        f"app/{layer}/{path.name}"
        for path in sorted((APP / "routers").glob("[a-z]*.py"))
        if path.stem not in NO_SLICE
        for layer in ("schemas", "services")
        if not (APP / layer / path.name).exists()
    ]
    assert missing == []


# Messages.


def classes() -> list[type[MicrocreditError]]:
    """Every error class of the domain."""
    found, new = [MicrocreditError], [MicrocreditError]
    while new:
        new = [inner for outer in new for inner in outer.__subclasses__() if inner.__module__ in MODULES_OF_ERRORS]
        found += new
    return found


def test_errors_live_where_their_messages_are_looked_for() -> None:
    strays = [
        f"{place(path, node)} {node.name}"
        for path in MODULES
        if path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".") not in MODULES_OF_ERRORS
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ClassDef)
        if {base.id for base in node.bases if isinstance(base, ast.Name)} & {error.__name__ for error in classes()}
    ]
    assert strays == []


def test_every_refusal_has_a_french_sentence_with_the_facts_of_the_english_one() -> None:
    french = MESSAGES["fr"]["errors"]
    assert set(french) == {error.code for error in classes()}
    for error in classes():
        english = cleandoc(error.__doc__ or "")
        assert english.endswith("."), f"{error.__name__} has no sentence"
        assert placeholders(french[error.code]) == placeholders(english), error.code


def test_every_refusal_has_a_status_and_its_family_a_place_in_the_tree_that_heads_the_file() -> None:
    # Only the heads of families whose members differ in status have none of their own.
    statusless = {error.__name__ for error in classes() if not any(family in STATUSES for family in error.__mro__)}
    assert statusless <= {MicrocreditError.__name__, EditConflict.__name__}
    assert [family.__name__ for family in STATUSES if family.__name__ not in (errors.__doc__ or "")] == []


def test_the_facts_of_a_refusal_do_not_take_the_names_that_every_problem_has() -> None:
    reserved = set(Problem.model_fields) | {"instance", "error"}
    taken = {
        error.__name__: names
        for error in classes()
        if (names := placeholders(cleandoc(error.__doc__ or "")) & reserved)
    }
    assert taken == {}


@pytest.mark.parametrize("section", ["faults", "rules", "words", "letters"])
def test_french_and_english_tell_the_same(section: str) -> None:
    french, english = (MESSAGES[language][section] for language in ("fr", "en"))
    assert {code: placeholders(text) for code, text in french.items()} == {
        code: placeholders(text) for code, text in english.items()
    }


@pytest.mark.parametrize(
    "named",
    [
        *(request_lifecycle.RequestStatus, request_lifecycle.RequestAction),
        *(handoff_lifecycle.HandoffStatus, handoff_lifecycle.HandoffAction, handoff_lifecycle.HandoffKind),
        *(loan_lifecycle.LoanStage, loan_lifecycle.LoanAction),
        *(appointment_lifecycle.AppointmentStatus, appointment_lifecycle.AppointmentAction),
        session_lifecycle.SessionStatus,
        *(papers.PaperStatus, papers.PaperAction),
        *(referral_lifecycle.ReferralStatus, referral_lifecycle.ReferralAction),
        *(ficp.Standing, ficp.CheckStage, Channel, Party, ProcedureEventKind, UrlFault),
    ],
    ids=lambda named: named.__name__,
)
def test_what_a_refusal_may_name_has_its_word(named: type[StrEnum]) -> None:
    for language, sections in MESSAGES.items():
        assert [member.value for member in named if member.value not in sections["words"]] == [], language


def test_every_sentence_ends_as_a_sentence() -> None:
    unended = [
        f"{language} {section} {code}"
        for language, sections in MESSAGES.items()
        for section, texts in sections.items()
        if section not in ("words", "letters")
        for code, sentence in texts.items()
        if not sentence.endswith(".")
    ]
    assert unended == []


def test_every_rule_that_can_be_breached_has_a_sentence() -> None:
    rules = rule_names()
    assert {
        "amount_cents_max",
        "left_to_live",
        "ficp",
        "documents",
        "residence",
        "grant.alone",
        "payee",
        "rate_percent",
        "interest_borne_by",
    } <= rules
    assert rules - set(MESSAGES["fr"]["rules"]) == set()


def rule_names() -> set[str]:
    """The names of rules in the sources: what eligibility yields first, and what a breach or a comparison is given."""
    named = {f"attestations.{fact}" for fact in ASKED_FOR} | set(offers._MAXIMA)
    for module in (eligibility, lending_limits, means):
        named |= _rules_of_findings(parsed(Path(module.__file__)))
    for path in MODULES:
        for call in (node for node in ast.walk(parsed(path)) if isinstance(node, ast.Call)):
            if isinstance(call.func, ast.Name) and call.func.id == Breach.__name__ and call.args:
                named |= {first.value for first in call.args[:1] if isinstance(first, ast.Constant)}
    return named


_FINDERS = ("above", "below", "_capable", "_listed")


def _rules_of_findings(tree: ast.Module) -> set[str]:
    firsts: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
            firsts.append(node.value.elts[0])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _FINDERS:
            firsts.append(node.args[0])
    named = {node.id for node in firsts if isinstance(node, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id in named for t in node.targets):
            firsts += [node.value.body, node.value.orelse] if isinstance(node.value, ast.IfExp) else [node.value]
    return {node.value for node in firsts if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_every_fault_of_a_field_has_a_sentence() -> None:
    codes = fault_codes()
    assert {"not_a_day", "one_of_two", "missing", "repeated", "reason_missing"} <= codes
    assert {"row_total", "row_shares", "rows_in_order", "asked_with_more_information_only"} <= codes
    assert codes - set(MESSAGES["fr"]["faults"]) == set()


def fault_codes() -> set[str]:
    """The codes of faults that the sources name: our own errors of Pydantic, translations of its own, and ours."""
    codes = set(faults._CODES.values())
    for path in MODULES:
        tree = parsed(path)
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            if call.func.id == PydanticCustomError.__name__ and isinstance(call.args[0], ast.Constant):  # type: ignore[attr-defined]
                codes.add(faults._CODES.get(call.args[0].value, call.args[0].value))
            if call.func.id == FieldFault.__name__:  # type: ignore[attr-defined]
                codes |= {argument.value for argument in call.args[1:2] if isinstance(argument, ast.Constant)}
        if path.is_relative_to(APP / "schemas"):
            codes |= incoherences(tree)
    # What carries its code in its context, as the faults of a model do.
    return codes - {"incoherent"}


def incoherences(tree: ast.Module) -> set[str]:
    """The codes of a module of schemas: in tables of faults (`faults` or `found = {"code": …}`), given by a function
    `fault`, or alone in the context of an error (`{"fault": "code"}`).
    """
    told: list[ast.expr | None] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
            if {target.id for target in node.targets if isinstance(target, ast.Name)} & {"faults", "found"}:
                told += node.value.keys
        elif isinstance(node, ast.FunctionDef) and node.name == "fault":
            told += [inner.value for inner in ast.walk(node) if isinstance(inner, ast.Return)]
        elif isinstance(node, ast.Dict):
            named = zip(node.keys, node.values, strict=True)
            told += [value for key, value in named if isinstance(key, ast.Constant) and key.value == "fault"]
    return {one.value for one in told if isinstance(one, ast.Constant) and isinstance(one.value, str)}
