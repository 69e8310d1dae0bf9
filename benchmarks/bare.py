"""The ceiling of the framework: FastAPI and one small answer; no database, no caller, no check."""

from fastapi import FastAPI

app = FastAPI(openapi_url=None)


@app.get("/")
async def small() -> dict[str, str | int]:
    """What a route costs that does nothing."""
    return {"status": "contracted", "amount_cents": 204_000}
