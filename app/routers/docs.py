"""The documentation pages, from files of our own: they work offline."""

from fastapi import APIRouter
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import HTMLResponse

router = APIRouter(include_in_schema=False)

_TITLE = "Microcrédit personnel des CCAS"


@router.get("/docs")
async def swagger() -> HTMLResponse:
    """The API to read and to try."""
    return get_swagger_ui_html(
        openapi_url="/openapi.json",
        title=_TITLE,
        swagger_js_url="/assets/swagger-ui-bundle.js",
        swagger_css_url="/assets/swagger-ui.css",
        swagger_favicon_url="/assets/favicon.png",
        # Hundreds of operations: one begins with the groups, and finds one's own.
        swagger_ui_parameters={"docExpansion": "none", "filter": True},
    )


@router.get("/redoc")
async def redoc() -> HTMLResponse:
    """The API to read."""
    return get_redoc_html(
        openapi_url="/openapi.json",
        title=_TITLE,
        redoc_js_url="/assets/redoc.standalone.js",
        redoc_favicon_url="/assets/favicon.png",
        with_google_fonts=False,
    )
