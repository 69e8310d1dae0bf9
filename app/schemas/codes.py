"""Fields that take one code of the project's lists (`app/parameters/codes.yaml`, `countries.yaml`)."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, JsonValue
from pydantic_core import PydanticCustomError

from app.parameters.codes import codes, reasons_for


def _code_of(section: str, known: frozenset[str]) -> Any:
    def check(value: str) -> str:
        if value not in known:
            raise PydanticCustomError("unknown_code", "not a code of {list}", {"list": section})
        return value

    enum: list[JsonValue] = [*sorted(known)]
    return Annotated[str, Field(strict=True, json_schema_extra={"enum": enum}), AfterValidator(check)]


def _known_country(value: str) -> str:
    # Five characters are a commune's code: many are of communes that no longer exist, which no list of today holds.
    if len(value) == _COUNTRY_LETTERS and value not in codes("countries"):
        raise PydanticCustomError("unknown_code", "not a code of {list}", {"list": "countries"})
    return value


_COUNTRY_LETTERS = 2
BirthPlace = Annotated[
    str,
    Field(strict=True, pattern=r"^(([0-9]{2}|2[AB])[0-9]{3}|[A-Z]{2})$", examples=["25056"]),
    AfterValidator(_known_country),
]
Purpose = _code_of("purposes", codes("purposes"))
Channel = _code_of("channels", codes("channels"))
OtherAnswerKind = _code_of("other_answers", codes("other_answers"))
DecisionReason = _code_of("reasons", reasons_for("refuse") | reasons_for("adjourn") | reasons_for("give"))
ClosingReason = _code_of("reasons", reasons_for("close"))
ExceptionalReason = _code_of("exceptions", codes("exceptions"))
ResourceKind = _code_of("resource_kinds", codes("resource_kinds"))
ChargeKind = _code_of("charge_kinds", codes("charge_kinds"))
Sex = _code_of("sexes", codes("sexes"))
Nationality = _code_of("nationalities", codes("nationalities"))
EducationLevel = _code_of("education_levels", codes("education_levels"))
FamilySituation = _code_of("family_situations", codes("family_situations"))
Housing = _code_of("housings", codes("housings"))
SafeContact = _code_of("safe_contacts", codes("safe_contacts"))
Situation = _code_of("situations", codes("situations"))
SupportActionKind = _code_of("support_actions", codes("support_actions"))
IndividualActionKind = _code_of("support_actions", codes("support_actions") - {"group_actions"})
WorkshopTheme = _code_of("workshop_themes", codes("workshop_themes"))
Right = _code_of("rights", codes("rights"))
Paper = _code_of("papers", codes("papers"))
