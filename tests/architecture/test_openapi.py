"""The OpenAPI document says what the service does."""

from typing import Any

from fastapi import FastAPI

from app.routing import KEY_REQUIRED

Operation = tuple[str, str, dict[str, Any]]


def operations(app: FastAPI) -> list[Operation]:
    """Path, method and description of every operation."""
    paths = app.openapi()["paths"]
    return [(path, method, operation) for path, item in paths.items() for method, operation in item.items()]


def headers(operation: dict[str, Any]) -> dict[str, bool]:
    """The headers that an operation reads, and whether it must have them."""
    return {
        parameter["name"].lower(): parameter["required"]
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "header"
    }


async def test_every_refusal_is_described_as_a_problem_and_as_nothing_else(app: FastAPI) -> None:
    for path, method, operation in operations(app):
        for status, response in operation["responses"].items():
            if not status.startswith("2"):
                assert list(response["content"]) == ["application/problem+json"], (path, method, status)
                assert response["content"]["application/problem+json"]["schema"]["$ref"].endswith("/Problem")


async def test_the_headers_that_a_request_must_have_are_said_to_be_required(app: FastAPI) -> None:
    for path, method, operation in operations(app):
        needed = headers(operation)
        if method in ("put", "patch"):
            assert needed["if-match"] is True, path
        if method == "post" and operation.get("security"):
            assert needed["idempotency-key"] is bool(KEY_REQUIRED.fullmatch(path)), path


async def test_every_answer_tells_its_headers(app: FastAPI) -> None:
    described = {path: item for path, _, item in operations(app)}
    assert all(
        "X-Request-Id" in response["headers"]
        for _, _, item in operations(app)
        for response in item["responses"].values()
    )
    assert "Link" in app.openapi()["paths"]["/v1/loans"]["get"]["responses"]["200"]["headers"]
    assert "ETag" in described["/v1/loans/{loan_id}"]["responses"]["200"]["headers"]
    assert set(described["/health/live"]["responses"]) <= {"200", "422", "503"}


async def test_rates_are_texts_on_the_way_out(app: FastAPI) -> None:
    loan = app.openapi()["components"]["schemas"]["LoanRead"]["properties"]
    assert loan["rate_percent"]["type"] == "string"


async def test_every_group_of_operations_is_listed_once_and_those_of_banks_say_so(app: FastAPI) -> None:
    listed = app.openapi()["tags"]
    used = {tag for _, _, operation in operations(app) for tag in operation["tags"]}
    assert sorted(tag["name"] for tag in listed) == sorted(used)
    assert not any("_" in tag["name"] for tag in listed)
    of_banks = {operation["tags"][0] for path, _, operation in operations(app) if path.startswith("/v1/partner/")}
    described = {tag["name"] for tag in listed if tag.get("description", "").startswith("For banks: ")}
    assert described == of_banks


async def test_what_is_sent_to_the_endpoints_of_banks_is_described_as_what_they_read(app: FastAPI) -> None:
    document = app.openapi()
    sent = document["webhooks"]["event"]["post"]
    read = document["components"]["schemas"]["PartnerEventList"]["properties"]["items"]["items"]
    assert sent["requestBody"]["content"]["application/json"]["schema"] == read
    assert {one["name"]: one["required"] for one in sent["parameters"]} == dict.fromkeys(
        ("webhook-id", "webhook-timestamp", "webhook-signature"), True
    )
    assert {"2XX", "410", "default"} == set(sent["responses"])
