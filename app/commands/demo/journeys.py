"""Files lived from their first contact on: `journeys.yaml`, step by step through the API."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

from httpx import AsyncClient
from pydantic import BaseModel, ConfigDict, TypeAdapter, model_validator

from app.commands.demo.cases import Assumed, Fact
from app.commands.demo.staff import Staff
from app.domain.referral_lifecycle import ReferralStatus
from app.domain.request_lifecycle import EDITABLE
from app.parameters.yaml_file import load_yaml
from app.schemas.auth import MeRead
from app.schemas.base import Output
from app.schemas.organisations import OrganisationRead
from app.schemas.referral_answers import LinkAnswerRead
from app.schemas.referral_links import ReferralLinkCreated
from app.schemas.referrals import ReferralRead
from app.schemas.requests import RequestRead

CAISSE = "Caisse Solidaire de Franche-Comté"
_NAME = re.compile(r"\{([\w-]+)\.(\w[\w-]*)\}")
_LINK_DAYS = 30


class Step(Fact):
    """What one member of staff or the lender's machine does; `keep` names its answer.

    `find` looks for what is `named`; `link` answers a referral by a link that is made for it.
    """

    by: str
    post: str | None = None
    put: str | None = None
    find: str | None = None
    named: str | None = None
    link: str | None = None
    keep: str | None = None
    body: dict[str, Any] = {}

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(way is not None for way in (self.post, self.put, self.find, self.link)) != 1:
            raise ValueError("a step does one thing")
        return self


class Journey(Assumed):
    """One file: its CCAS, the sentence that it follows, its steps, and which request it is about."""

    id: str
    tenant: str
    title: str
    source: str
    request: str
    steps: tuple[Step, ...]


class Answered(Output):
    """An answer whose fields later steps may name."""

    model_config = ConfigDict(extra="allow")

    def field(self, name: str) -> str:
        """The text of one of its fields. Raises KeyError."""
        return str((self.model_extra or {})[name])


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part in the files of a CCAS, by name, and how the steps name them."""

    staff: Mapping[str, Staff]
    names: Mapping[str, str]
    anyone: AsyncClient


class Orientations(BaseModel):
    """The report's table of those sent to another lender in a year, by what came of it."""

    model_config = ConfigDict(frozen=True)

    year: Literal[2010, 2011]
    accepted: int
    refused: int
    no_papers: int
    never_went: int

    @property
    def counts(self) -> dict[str, int]:
        """How many, by answer."""
        return self.model_dump(exclude={"year"})


# « 18 situations ont été orientées » (4, 12, 2); « 36 situations […] 12 accords de prêts, 9 refus, 3 qui n'ont pas
# fournis tous les justificatifs, 12 qui n'ont pas fait la démarche ».
ORIENTATIONS = (
    Orientations(year=2010, accepted=4, refused=12, no_papers=2, never_went=0),
    Orientations(year=2011, accepted=12, refused=9, no_papers=3, never_went=12),
)


@cache
def load_journeys() -> tuple[Journey, ...]:
    """The files in the order of the story. Raises YamlFault, or Pydantic's ValidationError."""
    content = load_yaml(Path(__file__).with_name("journeys.yaml"))
    return TypeAdapter(tuple[Journey, ...]).validate_python(content)


async def cast_of(client: AsyncClient, staff: Mapping[str, Staff], partner: str) -> Cast:
    """The cast of a CCAS whose partner that lends has that code. Raises DemoRefused."""
    me = await staff["agent"].get("/me", MeRead)
    return Cast(staff, {"agent": str(me.account_id), "lender": partner}, client)


async def live(journey: Journey, cast: Cast) -> str:
    """Lives one file; the identifier of its request. Told again, nothing happens twice. Raises DemoRefused."""
    kept: dict[str, Answered] = {}

    def told(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: told(one) for name, one in value.items()}
        if isinstance(value, list):
            return [told(one) for one in value]
        return _NAME.sub(lambda found: _field(kept, cast, *found.groups()), value) if isinstance(value, str) else value

    for number, step in enumerate(journey.steps, start=1):
        answer = await _take(step, told, cast, key=f"demo-{journey.id}-{number}")
        if step.keep is not None and answer is not None:
            kept[step.keep] = answer
    return str(told(f"{{{journey.request}}}"))


def _field(kept: Mapping[str, Answered], cast: Cast, name: str, field: str) -> str:
    return cast.names[field] if name == "me" else kept[name].field(field)


async def _take(step: Step, told: Any, cast: Cast, *, key: str) -> Answered | None:
    staff, body = cast.staff[step.by], told(step.body)
    if step.post is not None:
        return await staff.post(told(step.post), body, Answered, key=key)
    if step.put is not None:
        await _put(staff, told(step.put), body)
    if step.find is not None and step.named is not None:
        found = await staff.all(step.find, OrganisationRead, q=step.named)
        return Answered.model_validate({"id": str(found[0].id)})
    if step.link is not None:
        await _answer_by_link(staff, cast.anyone, told(step.link), body, key=key)
    return None


async def _put(staff: Staff, path: str, body: Any) -> None:
    """A PUT takes no key: what the commission has is past it."""
    request = await staff.get(path.rpartition("/")[0], RequestRead)
    if request.status in EDITABLE:
        await staff.put(path, body, Answered, version=request.version)


async def _answer_by_link(staff: Staff, anyone: AsyncClient, path: str, body: Any, *, key: str) -> None:
    """The organisation answers once: its link is kept nowhere."""
    if (await staff.get(path, ReferralRead)).status is not ReferralStatus.WAITING:
        return
    until = {"expires_on": str((datetime.now(UTC) + timedelta(days=_LINK_DAYS)).date())}
    link = await staff.post(f"{path}/links", until, ReferralLinkCreated, key=key)
    LinkAnswerRead.model_validate_json((await anyone.post(link.path, json=body)).raise_for_status().content)


async def live_orientations(agent: Staff, commune_insee_code: str) -> None:
    """The people whom Besançon sent to the Caisse Solidaire, none of them named: the report only counts them."""
    caisse = str((await agent.all("/organisations", OrganisationRead, q=CAISSE))[0].id)
    for table in ORIENTATIONS:
        on = f"{table.year}-06-01"
        answers = [answer for answer, number in table.counts.items() for _ in range(number)]
        for number, answer in enumerate(answers, start=1):
            key = f"demo-orientation-{table.year}-{number}"
            call = {"contacted_on": on, "channel": "phone", "commune_insee_code": commune_insee_code}
            contact = await agent.post("/contacts", call, Answered, key=f"{key}-contact")
            path = f"/contacts/{contact.field('id')}"
            sent = {"organisation_id": caisse, "referred_on": on, "by": "phone",
                    "answer_expected_on": f"{table.year}-09-01"}  # fmt: skip
            referral = await agent.post(f"{path}/referrals", sent, Answered, key=f"{key}-referral")
            told = {"answer": answer, "answered_on": f"{table.year}-07-01"}
            await agent.post(f"/referrals/{referral.field('id')}/answers", told, Answered, key=f"{key}-answer")
            other = {"kind": "partner_lender", "organisation_id": caisse, "given_on": on}
            closing = {"reason_code": "referred_elsewhere", "other_answer": other, "closed_on": on}
            await agent.post(f"{path}/close", closing, Answered, key=f"{key}-close")
