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
    agreements,
    attestations,
    auth,
    authorisations,
    decisions,
    docs,
    ficp_checks,
    handoffs,
    health,
    inbox,
    loans,
    offers,
    people,
    plans,
    repayments,
    requests,
    rule_adoptions,
    rule_impacts,
    simulations,
    statements,
    tenants,
)
from app.routing import KEY_REQUIRED
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
            describe(super().openapi(), key_required=KEY_REQUIRED)
        return super().openapi()


_STAFF = (people, authorisations, requests, plans, attestations, decisions, agreements, handoffs, loans, repayments)
_RULES = (rule_adoptions, rule_impacts)
_PARTNERS = (inbox, ficp_checks, offers, statements)
_ROUTERS = (health, docs, tenants, simulations, auth, *_STAFF, *_RULES, *_PARTNERS)


def create_app() -> FastAPI:
    """The application, configured by the environment (see `settings.py`)."""
    app = Api(
        title="Microcrédit personnel des CCAS",
        version=version("microcredit"),
        summary="Municipal personal microcredit: one instance, every CCAS its own rules.",
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
