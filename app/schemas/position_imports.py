"""The public accountant's position, as its file tells it."""

from datetime import date
from typing import Literal
from uuid import UUID

from app.domain.contracts import LoanAnomaly
from app.domain.position_files import PositionAnomaly
from app.schemas.base import Output
from app.schemas.batches import ItemError
from app.schemas.file_imports import FileImport


class PositionImportCreate(FileImport):
    """A file of at most 500 lines, in base64; `file_name` stays as the reference of the position.

    Columns, in any order: NUM_PRET and NUM_ECHEANCE, or REF_ECHEANCE; DATE_ENCAISSEMENT, MONTANT (one movement), ETAT,
    REF_ENCAISSEMENT (unique), DATE_POSITION (the same on every line).
    """


class PositionItemRead(Output):
    """The answer to one line: `recorded`; `known`, told before and nothing changed; `to_decide`, noted for the board or
    for the staff and nothing posted; or `refused` with its error.

    `id` is what the line became, null in a dry run: the entry of the ledger that it moved, or the line as noted.
    `left_cents` is what the books leave of the instalment after it: above 0 for one that the accountant calls paid, the
    two differ. A fact that nothing here expected is recorded with its anomalies.
    """

    index: int
    status: Literal["recorded", "known", "to_decide", "refused"]
    id: UUID | None
    error: ItemError | None
    loan_id: UUID | None
    left_cents: int | None
    anomalies: list[LoanAnomaly | PositionAnomaly]


class PositionImportRead(Output):
    """The answers in the order of the lines. `moved` tells whether the position is now `position_on`: not where a line
    was refused, nor where a later one is known; `position_on` is null where no line could be read.
    """

    position_on: date | None
    moved: bool
    dry_run: bool
    items: list[PositionItemRead]
