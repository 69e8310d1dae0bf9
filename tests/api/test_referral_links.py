"""The links by which organisations answer: signed, good once, and no word of the person."""

import asyncio
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from httpx import AsyncClient, Response
from joserfc import jwt
from joserfc.jwk import OctKey
from sqlalchemy.exc import IntegrityError

from app.domain.dates import months_after
from app.domain.errors import NotFound, TokenRefused
from app.security import Credential, LinkPurpose, read_link_token, read_token, sign_link_token, sign_token
from tests.api.test_referrals import CAISSE, answered, authorise, file_of, organisation, referral, to
from tests.support import TOKEN_SECRET, Ccas, Databases, Json, demand, desk_of, ok, refused, run_sql

REFERRAL = LinkPurpose.REFERRAL_ANSWER
FAR = {"expires_on": str(datetime.now(UTC).date() + timedelta(days=300))}
ACCEPTED = {"answer": "accepted", "answered_on": "2011-02-01"}


def end_of(day: str) -> str:
    """The end of a day in Besançon, as told."""
    following = datetime.combine(date.fromisoformat(day) + timedelta(days=1), time.min, ZoneInfo("Europe/Paris"))
    return following.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def link_of(ccas: Ccas, made: Json, body: Json | None = None) -> str:
    """The address of a new link for a referral."""
    return str((await ok(ccas.agent.post(f"/referrals/{made['id']}/links", body or FAR)))["path"])


async def answer(client: AsyncClient, path: str, **body: Any) -> Response:
    """An answer by the link, from somebody without any credential."""
    return await client.post(path, json=ACCEPTED | body)


async def test_a_link_tells_the_organisation_what_it_is_asked_and_nothing_of_the_person(
    besancon: Ccas, client: AsyncClient
) -> None:
    caisse = await organisation(besancon)
    path = await file_of(besancon, caisse)
    made = await ok(besancon.agent.post(f"{path}/referrals", to(caisse, reason="Surendettée", note="Mme Exemple")))
    link = await ok(besancon.agent.post(f"/referrals/{made['id']}/links", FAR))
    over_at = end_of(FAR["expires_on"])
    assert (link["path"], link["expires_at"]) == (f"/v1/referral-answers/{link['token']}", over_at)
    name = (await ok(client.get(f"/v1/tenants/{besancon.slug}")))["name"]
    asked = await client.get(link["path"])
    assert asked.json() == {
        "ccas": name,
        "organisation": CAISSE,
        "reference": "O-2011-0001",
        "referred_on": "2011-01-10",
        "expires_at": over_at,
        "answers": [
            {"code": "accepted", "label": "Accord"},
            {"code": "refused", "label": "Refus"},
            {"code": "no_papers", "label": "Classé sans suite (justificatifs non fournis)"},
            {"code": "never_went", "label": "N'a pas fait la démarche"},
        ],
    }
    assert asked.headers["cache-control"] == "no-store"
    english = await client.get(link["path"], headers={"Accept-Language": "en"})
    assert english.json()["answers"][0] == {"code": "accepted", "label": "Accepted"}


async def test_an_answer_by_link_comes_back_on_the_file(besancon: Ccas, client: AsyncClient) -> None:
    made = await referral(besancon)
    response = await answer(client, await link_of(besancon, made), note="Prêt de 2 000 €")
    assert response.status_code == 201, response.text
    assert response.json() == {"reference": made["reference"], **ACCEPTED}
    told = await ok(besancon.agent.get(f"/referrals/{made['id']}"))
    assert (told["status"], told["version"]) == ("accepted", 2)
    (known,) = told["answers"]
    assert {
        **ACCEPTED,
        "source": "partner_link",
        "account_id": None,
        "note": "Prêt de 2 000 €",
    }.items() <= known.items()


async def test_an_answer_without_a_day_is_of_today_and_one_of_another_day_lies_after_the_referral(
    besancon: Ccas, client: AsyncClient
) -> None:
    made = await referral(besancon)
    path = await link_of(besancon, made)
    await refused(answer(client, path, answered_on="2011-01-09"), 409, "date_out_of_order")
    await refused(answer(client, path, answered_on="2190-01-01"), 409, "date_in_future")
    for body in ({"answer": "withdrawn"}, {"answer": "waiting"}, {"source": "reported_by_staff"}):
        await refused(answer(client, path, **body), 422, "invalid")
    # A refusal has not used the link up.
    told = await ok(answer(client, path, answered_on=None))
    assert abs(date.fromisoformat(told["answered_on"]) - datetime.now(UTC).date()) <= timedelta(days=1)


async def test_a_link_is_good_once(besancon: Ccas, client: AsyncClient) -> None:
    made = await referral(besancon)
    path = await link_of(besancon, made)
    await ok(answer(client, path))
    await refused(answer(client, path, answer="refused"), 409, "link_used")
    await refused(client.get(path), 409, "link_used")
    assert (await ok(besancon.agent.get(f"/referrals/{made['id']}")))["status"] == "accepted"


async def test_of_answers_at_the_same_instant_one_wins(
    besancon: Ccas, client: AsyncClient, databases: Databases
) -> None:
    made = await referral(besancon)
    path = await link_of(besancon, made)
    told = ("accepted", "refused", "no_papers", "never_went")
    responses = await asyncio.gather(*(answer(client, path, answer=one) for one in told))
    assert Counter(response.status_code for response in responses) == {201: 1, 409: 3}
    assert {response.json()["code"] for response in responses if response.status_code == 409} == {"link_used"}
    (won,) = [response.json()["answer"] for response in responses if response.is_success]
    assert [row["answer"] for row in run_sql(databases, besancon, "select answer from referral_answers")] == [won]
    assert (await ok(besancon.agent.get(f"/referrals/{made['id']}")))["status"] == won


async def test_of_two_links_asked_for_at_once_one_is_good(besancon: Ccas, client: AsyncClient) -> None:
    made = await referral(besancon)
    paths = await asyncio.gather(*(link_of(besancon, made) for _ in range(3)))
    seen = Counter([(await client.get(path)).status_code for path in paths])
    assert seen == {200: 1, 409: 2}


async def test_an_answer_by_link_and_one_of_the_staff_at_once_are_both_kept(
    besancon: Ccas, client: AsyncClient
) -> None:
    made = await referral(besancon)
    path = await link_of(besancon, made)
    by_link, _ = await asyncio.gather(answer(client, path), answered(besancon, made, "refused"))
    assert by_link.status_code == 201, by_link.text
    told = await ok(besancon.agent.get(f"/referrals/{made['id']}"))
    assert {one["answer"] for one in told["answers"]} == {"accepted", "refused"}
    assert told["version"] == 3


async def test_a_link_is_good_until_the_end_of_its_last_day(
    besancon: Ccas, client: AsyncClient, databases: Databases
) -> None:
    made = await referral(besancon)
    path = await link_of(besancon, made)
    over = "update referral_links set expires_at = '2011-06-30T22:00:00Z'"
    run_sql(databases, besancon, over)
    for ask in (client.get(path), answer(client, path)):
        assert (await refused(ask, 409, "link_expired"))["expired_on"] == "2011-06-30"
    run_sql(databases, besancon, "update referral_links set expires_at = now() + interval '1 minute'")
    await ok(answer(client, path))


async def test_the_last_day_of_a_link_is_that_of_the_answer_unless_it_is_given(besancon: Ccas) -> None:
    made = await referral(besancon, answer_expected_on=FAR["expires_on"])
    link = await ok(besancon.agent.post(f"/referrals/{made['id']}/links"))
    assert link["expires_at"] == end_of(FAR["expires_on"])
    silent = await referral(besancon)
    for body in (None, {}, {"expires_on": "2011-02-10"}):
        await refused(besancon.agent.post(f"/referrals/{silent['id']}/links", body), 409, "date_in_past")


async def test_a_link_is_good_for_a_year_at_most(besancon: Ccas, client: AsyncClient) -> None:
    made = await referral(besancon, answer_expected_on="2190-01-15")
    path = await link_of(besancon, made)
    last = months_after(datetime.now(ZoneInfo("Europe/Paris")).date(), 12)
    for body in (None, {"expires_on": str(last + timedelta(days=1))}):
        problem = await refused(besancon.agent.post(f"/referrals/{made['id']}/links", body), 409, "link_too_long")
        assert problem["not_after"] == str(last)
    assert (await client.get(path)).status_code == 200
    await link_of(besancon, made, {"expires_on": str(last)})


@pytest.mark.parametrize("told", ["accepted", "refused", "no_papers", "never_went", "withdrawn"])
async def test_a_new_link_and_any_answer_of_the_staff_end_the_link_before(
    told: str, besancon: Ccas, client: AsyncClient
) -> None:
    made = await referral(besancon)
    first, second = [await link_of(besancon, made) for _ in range(2)]
    for ask in (client.get(first), answer(client, first)):
        await refused(ask, 409, "link_revoked")
    assert (await client.get(second)).status_code == 200
    await answered(besancon, made, told)
    for ask in (client.get(second), answer(client, second)):
        await refused(ask, 409, "link_revoked")
    assert (await ok(besancon.agent.get(f"/referrals/{made['id']}")))["status"] == told


async def test_a_link_answers_although_the_request_is_over(besancon: Ccas, client: AsyncClient) -> None:
    made = await referral(besancon)
    path = await link_of(besancon, made)
    other_answer = {"kind": "partner_lender", "given_on": "2011-01-20"}
    closing = {"outcome": "withdrawn", "reason_code": "withdrawn", "other_answer": other_answer}
    await ok(besancon.agent.post(f"/requests/{made['request_id']}/close", closing))
    await ok(answer(client, path))
    assert (await ok(besancon.agent.get(f"/referrals/{made['id']}")))["status"] == "accepted"


async def test_a_link_is_asked_for_while_an_answer_is_awaited_and_authorised(besancon: Ccas) -> None:
    caisse = await organisation(besancon)
    request = await ok(besancon.agent.post("/requests", demand(besancon)))
    given = await authorise(besancon, request["applicant_id"], caisse)
    made = await ok(besancon.agent.post(f"/requests/{request['id']}/referrals", to(caisse)))
    path = f"/referrals/{made['id']}/links"
    await ok(besancon.agent.post(f"{given}/withdrawal", {"withdrawn_on": "2011-01-20"}))
    await refused(besancon.agent.post(path, FAR), 409, "authorisation_missing")
    await authorise(besancon, request["applicant_id"], caisse, "2011-01-21")
    await ok(besancon.agent.post(path, FAR))
    await answered(besancon, made, "accepted")
    await refused(besancon.agent.post(path, FAR), 409, "illegal_transition")
    await refused(besancon.manager.post(path, FAR), 403, "forbidden")
    await refused(besancon.agent.post(f"/referrals/{uuid4()}/links", FAR), 404, "not_found")


async def test_the_desk_sends_no_links_and_tells_no_answers(besancon: Ccas, databases: Databases) -> None:
    made, desk = await referral(besancon), desk_of(databases, besancon)
    await refused(desk.post(f"/referrals/{made['id']}/links", FAR), 403, "forbidden")
    await refused(desk.post(f"/referrals/{made['id']}/answers", ACCEPTED), 403, "forbidden")
    await refused(desk.get(f"/referrals/{made['id']}"), 403, "forbidden")


async def test_the_token_is_kept_nowhere_and_the_same_key_makes_another(
    besancon: Ccas, client: AsyncClient, databases: Databases
) -> None:
    made = await referral(besancon)
    path = f"/referrals/{made['id']}/links"
    first, second = [(await ok(besancon.agent.post(path, FAR, key="once"))) for _ in range(2)]
    assert first["token"] != second["token"]
    assert (await client.get(second["path"])).status_code == 200
    tables = run_sql(databases, besancon, "select tablename from pg_tables where schemaname = 'public'", as_owner=True)
    for table in tables:
        kept = run_sql(databases, besancon, f"select t::text as row from {table['tablename']} t", as_owner=True)  # noqa: S608
        for row in kept:
            for token in (first["token"], second["token"]):
                assert token not in row["row"], table
                assert token.encode().hex() not in row["row"], table


async def test_the_database_keeps_one_live_link_and_one_answer_of_each(besancon: Ccas, databases: Databases) -> None:
    made = await referral(besancon)
    await link_of(besancon, made)
    again = (
        "insert into referral_links (tenant_id, id, referral_id, token_sha256, expires_at, account_id, entered_at)"
        " select tenant_id, gen_random_uuid(), referral_id, 'x', expires_at, account_id, now() from referral_links"
    )
    with pytest.raises(IntegrityError, match="ix_referral_links_live"):
        run_sql(databases, besancon, again)
    told = (
        "insert into referral_answers (tenant_id, id, referral_id, answer, answered_on, link_id, entered_at)"
        " select tenant_id, gen_random_uuid(), referral_id, 'accepted', '2011-02-01', id, now() from referral_links"
    )
    run_sql(databases, besancon, told)
    with pytest.raises(IntegrityError, match="uq_referral_answers_tenant_id_link_id"):
        run_sql(databases, besancon, told)


# What is no link of ours.


def forged(ccas: Ccas, **changes: Any) -> str:
    """A token as ours are, but for what is changed."""
    secret = changes.pop("secret", TOKEN_SECRET)
    claims = {"iss": "microcredit/referral-answers", "tenant": str(ccas.id), "jti": "x", **changes}
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(secret))


async def test_what_is_no_link_is_answered_as_one_that_never_was(
    besancon: Ccas, toulouse: Ccas, client: AsyncClient
) -> None:
    good = (await link_of(besancon, await referral(besancon))).rpartition("/")[2]
    header, claims, signature = good.split(".")
    unsigned = jwt.encode({"alg": "HS256"}, {}, OctKey.import_key(TOKEN_SECRET)).partition(".")[0]
    wrong = {
        "signed by somebody else": forged(besancon, secret="another secret, long enough to sign with it"),
        "signed by us, never given": sign_link_token(besancon.id, REFERRAL, secret=TOKEN_SECRET),
        "of another CCAS": sign_link_token(toulouse.id, REFERRAL, secret=TOKEN_SECRET),
        "of a CCAS that is none": forged(besancon, tenant=str(uuid4())),
        "of no CCAS": forged(besancon, tenant=None),
        "of a text": forged(besancon, tenant="besancon"),
        "of another issuer": forged(besancon, iss="microcredit"),
        "another signature": f"{header}.{claims}.{signature[::-1]}",
        "no signature": f"{header}.{claims}.",
        "another header": f"{unsigned}x.{claims}.{signature}",
        "a part": claims,
        "the token and more": f"{good}A",
        "the token and less": good[:-1],
        "the token in capitals": good.upper(),
        "a word": "Exemple",
        "a letter with an accent": "é",
        "an identifier": str(uuid4()),
    }
    problems = set()
    for name, token in wrong.items():
        for ask in (client.get(f"/v1/referral-answers/{token}"), answer(client, f"/v1/referral-answers/{token}")):
            problem = await refused(ask, 404, "not_found")
            problems.add(tuple(sorted(problem.items())))
            assert token not in str(problem), name
    assert len(problems) == 1
    assert (await client.get(f"/v1/referral-answers/{good}")).status_code == 200


async def test_a_link_is_no_credential_and_a_credential_no_link(besancon: Ccas, client: AsyncClient) -> None:
    token = (await link_of(besancon, await referral(besancon))).rpartition("/")[2]
    for path in ("/me", "/people", "/referrals"):
        headers = {"Authorization": f"Bearer {token}"}
        await refused(client.get(f"/v1{path}", headers=headers), 401, "token_refused")
    credential = besancon.agent.headers["Authorization"].removeprefix("Bearer ")
    await refused(client.get(f"/v1/referral-answers/{credential}"), 404, "not_found")
    await refused(answer(client, f"/v1/referral-answers/{credential}"), 404, "not_found")


def test_neither_token_is_read_as_the_other() -> None:
    now = datetime(2011, 1, 3, tzinfo=UTC)
    tenant_id = uuid4()
    link = sign_link_token(tenant_id, REFERRAL, secret=TOKEN_SECRET)
    assert read_link_token(link, REFERRAL, secret=TOKEN_SECRET) == tenant_id
    with pytest.raises(TokenRefused):
        read_token(link, secret=TOKEN_SECRET, now=now)
    for credential in (Credential(uuid4(), tenant_id), Credential(uuid4(), None), Credential(uuid4(), None, uuid4())):
        with pytest.raises(NotFound):
            read_link_token(sign_token(credential, secret=TOKEN_SECRET, now=now), REFERRAL, secret=TOKEN_SECRET)
    with pytest.raises(NotFound):
        read_link_token(link, LinkPurpose.LENDER_ANSWER, secret=TOKEN_SECRET)
    # Not even with all that a credential has.
    claims = {
        "iss": "microcredit/referral-answers",
        "sub": str(uuid4()),
        "tenant": str(tenant_id),
        "iat": 0,
        "exp": 4e9,
    }
    both = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(TOKEN_SECRET))
    with pytest.raises(TokenRefused):
        read_token(both, secret=TOKEN_SECRET, now=now)
