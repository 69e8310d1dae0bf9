"""The lender's check of the FICP: a closed schema, which takes a conclusion and nothing of the file itself."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, WrapValidator
from pydantic_core.core_schema import ValidatorFunctionWrapHandler

from app.domain.channels import Source
from app.domain.ficp import CheckEffect, CheckOutcome, CheckStage, Standing
from app.schemas.base import Id, Input, Instant, MachineReference, Output, Sha256
from app.schemas.batches import ITEMS_MAX, OrMalformed


class Consultation(Input):
    """One consultation. `consultation_ref` is the lender's own: told twice, it is the same consultation."""

    stage: CheckStage
    outcome: CheckOutcome
    consulted_at: Instant
    consultation_ref: MachineReference
    evidence_sha256: Sha256 | None = None


class FicpCheckCreate(Consultation):
    """One consultation for a handoff."""

    handoff_id: Id

    @staticmethod
    def of(handoff_id: UUID, told: Consultation) -> "FicpCheckCreate":
        """A consultation that was read already, for this handoff."""
        fields = {name: getattr(told, name) for name in Consultation.model_fields}
        return FicpCheckCreate.model_construct(handoff_id=handoff_id, **fields)


class FicpCheckBatch(Input):
    """Up to 500 consultations, each answered for itself."""

    items: Annotated[list[OrMalformed[FicpCheckCreate]], Field(min_length=1, max_length=ITEMS_MAX)]


def _one_or_many(value: Any, _: ValidatorFunctionWrapHandler) -> FicpCheckCreate | FicpCheckBatch:
    # A plain union would tell the faults of both forms.
    form = FicpCheckBatch if isinstance(value, dict) and "items" in value else FicpCheckCreate
    return form.model_validate(value)


FicpPush = Annotated[FicpCheckCreate | FicpCheckBatch, WrapValidator(_one_or_many)]


class FicpCheckRead(Output):
    """What became of one consultation: `recorded`, or `known` where it was told before."""

    id: UUID
    handoff_id: UUID
    stage: CheckStage
    status: Literal["recorded", "known"]


class StandingRead(Output):
    """What staff are shown: what the lender's check is worth today, and nothing of the file.

    `effect` is what the rules make of it, and `told_by` who may tell a favourable one for the gate to open (null:
    anybody). `check_wanted`: the lender was asked to check again, and has not yet.
    """

    partner: str
    stage: CheckStage
    standing: Standing
    effect: CheckEffect
    told_by: list[Source] | None
    consulted_on: date | None
    valid_until: date | None
    check_wanted: bool


class CheckWarning(Output):
    """A lender's check that is not favourable, where the rules have it inform and stop nothing."""

    partner: str
    stage: CheckStage
    standing: Standing


class StandingList(Output):
    """One line for each lender and stage that a handoff of the request asks for, unless it was taken back."""

    items: list[StandingRead]
    next_cursor: str | None
