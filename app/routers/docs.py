"""The documentation pages, from files of our own: they work offline."""

from fastapi import APIRouter
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import HTMLResponse

router = APIRouter(include_in_schema=False)

_TITLE = "Microcrédit personnel des CCAS"
# Redoc shows a logo from its maker's site; nothing of these pages comes from outside.
_FROM_HERE = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline';"
    " style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src 'self' blob:"
}


@router.get("/docs")
async def swagger() -> HTMLResponse:
    """The API to read and to try."""
    return _from_here(
        get_swagger_ui_html(
            openapi_url="/openapi.json",
            title=_TITLE,
            swagger_js_url="/assets/swagger-ui-bundle.js",
            swagger_css_url="/assets/swagger-ui.css",
            swagger_favicon_url="/assets/favicon.png",
        )
    )


@router.get("/redoc")
async def redoc() -> HTMLResponse:
    """The API to read."""
    return _from_here(
        get_redoc_html(
            openapi_url="/openapi.json",
            title=_TITLE,
            redoc_js_url="/assets/redoc.standalone.js",
            redoc_favicon_url="/assets/favicon.png",
            with_google_fonts=False,
        )
    )


def _from_here(page: HTMLResponse) -> HTMLResponse:
    page.headers.update(_FROM_HERE)
    return page
