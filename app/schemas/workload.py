"""How much work there is, by referent, by post and by commune."""

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field, PlainSerializer, WithJsonSchema

from app.schemas.base import Day, Input, Output

PerFte = Annotated[
    Decimal,
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d+\.\d{2}$", "examples": ["8.00"]}),
]


class WorkloadQuery(Input):
    """From a day to a day, both included; the last twelve months where they are not told."""

    since: Day | None = Field(default=None, alias="from")
    until: Day | None = Field(default=None, alias="to")


class LoadRead(Output):
    """A count; what it comes to for one full-time post, to the hundredth; the limit; whether it is over it.

    Null: no working time, or no limit, is told.
    """

    count: int
    per_fte: PerFte | None
    per_fte_max: int | None
    over: bool | None


class Loads(Output):
    """Of the period: solicitations, files taken in, appointments held. On its last day: open files, running loans."""

    fte_percent: int | None
    solicitations: LoadRead
    files_taken_in: LoadRead
    appointments_held: LoadRead
    open_files: LoadRead
    running_loans: LoadRead


class ReferentLoads(Loads):
    """The load of one member of staff; `fte_percent` is the working time in force on the last day of the period."""

    account_id: UUID
    login: str


class CommuneCount(Output):
    """The files received in the period that are of a commune now, and the people who ask by them."""

    insee_code: str
    name: str
    files: int
    persons: int


class GroupCount(Output):
    """The files of all the communes, and the people who ask by them, each counted once."""

    files: int
    persons: int


class ByCommune(Output):
    """Files and people by commune; those of the group are not the sum: a person may ask in two communes."""

    communes: list[CommuneCount]
    group: GroupCount


class WorkloadRead(Output):
    """The workload from a day to a day, in the communes that the caller sees.

    The working time of the whole is the sum of those told; null where someone who bears a part of it has none told, or
    where the caller does not see all the communes that it serves.
    """

    from_on: date
    to_on: date
    tenant: Loads
    referents: list[ReferentLoads]
    by_commune: ByCommune
