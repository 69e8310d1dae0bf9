"""The application: routers, errors, middleware, and nothing else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from app import errors
from app.database import expected_revision, open_engine, open_sessions, refuse_privileged_role
from app.domain.errors import Unexpected
from app.middleware import Surroundings
from app.openapi import describe
from app.routers import (
    accounting_slips,
    action_plans,
    agenda_items,
    agenda_pages,
    agreements,
    appointments,
    arrears,
    assessments,
    assignments,
    attendances,
    attestations,
    auth,
    authorisations,
    borne_interest,
    borne_interest_statements,
    budget_projections,
    candidates,
    check_renewals,
    committee_members,
    committees,
    conditions,
    contacts,
    credit_refunds,
    decision_figures,
    decisions,
    deferrals,
    deliveries,
    disbursements,
    discharges,
    docs,
    documents,
    early_repayments,
    eligibility,
    envelopes,
    events,
    ficp_checks,
    guarantee_claims,
    guarantee_payments,
    guarantee_recoveries,
    guarantees,
    handoff_files,
    handoffs,
    health,
    inbox,
    interest_refunds,
    ledger_figures,
    lender_answers,
    lender_links,
    lender_loans,
    lender_reports,
    litigations,
    loan_documents,
    loan_figures,
    loan_options,
    loans,
    logos,
    merges,
    minutes,
    notes,
    notifications,
    offers,
    organisations,
    over_indebtedness,
    papers,
    partner_credentials,
    partner_events,
    payoffs,
    people,
    plans,
    portfolio_imports,
    position_imports,
    positions,
    ratifications,
    rectifications,
    recusals,
    referral_answers,
    referral_links,
    referrals,
    relations,
    remissions,
    reopenings,
    repayments,
    requests,
    reschedules,
    reversals,
    rights_checks,
    rule_adoptions,
    rule_impacts,
    schedule_changes,
    schedule_previews,
    sent_letters,
    session_attendances,
    session_documents,
    sessions,
    signing_keys,
    simulations,
    statement_files,
    statements,
    support_actions,
    support_contracts,
    supports,
    tellings,
    tenants,
    timelines,
    transfers,
    undrawn,
    users,
    votes,
    webhooks,
    withdrawals,
    working_times,
    worklist,
    workload,
    workload_thresholds,
    workshops,
    write_offs,
)
from app.routing import KEY_REQUIRED, Problem
from app.settings import settings

_SENT_HEADERS = ["Authorization", "Content-Type", "Accept-Language", "Idempotency-Key", "If-Match", "X-Request-Id"]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Refuses to start with a role that sees through isolation; closes the connections at the end."""
    await refuse_privileged_role(app.state.engine)
    yield
    await app.state.engine.dispose()


class Api(FastAPI):
    """An application whose OpenAPI document tells its refusals and headers."""

    def openapi(self) -> dict[str, Any]:
        """The document, made once."""
        if self.openapi_schema is None:
            describe(super().openapi(), problem=Problem, key_required=KEY_REQUIRED)
        return super().openapi()


_INTAKE = (organisations, contacts)
_STAFF = (requests, plans, attestations, agreements, handoffs, loan_figures, loans, withdrawals, repayments, positions)
# The figures come first: their address would else be read as that of one decision or one loan.
_DECISIONS = (decision_figures, decisions, ratifications, conditions, rectifications, notifications, envelopes)
_SCHEDULES = (deferrals, reschedules, early_repayments, payoffs, schedule_changes, schedule_previews)
_LOAN_MONEY = (disbursements, undrawn, credit_refunds, over_indebtedness)
_FILE = (assessments, action_plans, budget_projections, reopenings, timelines)
_PEOPLE = (candidates, people, authorisations, relations, merges)
_ENDINGS = (litigations, write_offs, discharges, remissions, reversals)
_SUPPORT = (support_contracts, support_actions, workshops, attendances)
_ARREARS = (arrears, supports, sent_letters, loan_options)
_DESK = (transfers, assignments, users, working_times, workload, workload_thresholds, worklist)
_MEETINGS = (appointments, papers, notes)
_PAPERS = (documents, loan_documents, session_documents, logos)
_REFERRALS = (rights_checks, referrals, referral_links, referral_answers)
_RULES = (eligibility, rule_adoptions, rule_impacts)
_ACCOUNTING = (accounting_slips, position_imports, portfolio_imports, ledger_figures)
_COMMISSION = (
    committees,
    committee_members,
    sessions,
    session_attendances,
    agenda_items,
    recusals,
    votes,
    agenda_pages,
    minutes,
)
_THIRD_PARTIES = (
    guarantees,
    guarantee_claims,
    guarantee_payments,
    guarantee_recoveries,
    borne_interest_statements,
    borne_interest,
    interest_refunds,
)
_PARTNERS = (events, inbox, ficp_checks, check_renewals, offers, statements, partner_events, webhooks, deliveries)
_PARTNER_KEYS = (partner_credentials, signing_keys)
_PARTNER_LOANS = (statement_files, lender_reports, lender_loans)
_OTHER_CHANNELS = (tellings, lender_links, lender_answers, handoff_files)
_ROUTERS = (
    health,
    docs,
    tenants,
    simulations,
    auth,
    *_PEOPLE,
    *_INTAKE,
    *_DECISIONS,
    *_STAFF,
    *_SCHEDULES,
    *_LOAN_MONEY,
    *_FILE,
    *_ENDINGS,
    *_SUPPORT,
    *_ARREARS,
    *_MEETINGS,
    *_PAPERS,
    *_REFERRALS,
    *_DESK,
    *_RULES,
    *_ACCOUNTING,
    *_COMMISSION,
    *_THIRD_PARTIES,
    *_PARTNERS,
    *_PARTNER_KEYS,
    *_PARTNER_LOANS,
    *_OTHER_CHANNELS,
)


def create_app() -> FastAPI:
    """The application, configured by the environment (see `settings.py`)."""
    app = Api(
        title="Microcrédit personnel des CCAS",
        version=version("microcredit"),
        summary="Municipal personal microcredit: one instance, every CCAS its own rules.",
        description="A bank's developer begins at **inbox**, with `docs/partners.md` of the project beside it.",
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        separate_input_output_schemas=False,
        lifespan=lifespan,
    )
    app.state.engine = open_engine(
        settings().database_url,
        pool_size=settings().database_pool_size,
        pool_wait_seconds=settings().database_pool_wait_seconds,
    )
    app.state.sessions = open_sessions(app.state.engine)
    app.state.revision = expected_revision()
    for module in _ROUTERS:
        app.include_router(module.router)
    app.mount("/assets", StaticFiles(packages=[("fastapi_offline", "static")]), name="assets")
    errors.register(app)
    _surround(app)
    return app


def _surround(app: FastAPI) -> None:
    origins = settings().cors_origins.split()
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "POST", "PUT", "PATCH"],
            allow_headers=_SENT_HEADERS,
            expose_headers=["ETag", "Link", "Retry-After", "X-Request-Id", "Idempotency-Replayed"],
        )
    app.add_middleware(Surroundings, render_failure=_render_failure)


def _render_failure(accept_language: str | None) -> Response:
    return errors.problem(Unexpected(), accept_language=accept_language)
