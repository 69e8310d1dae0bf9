"""What is refused of the files exchanged with the accountant: a branch of `Conflict` of `app/domain/errors.py`."""

from app.domain.errors import Conflict


class NothingToExport(Conflict):
    """Up to {due_until} there is nothing to export that was not exported already."""


class FileEncodingDiffers(Conflict):
    """These bytes are no text in {encoding}: say in which encoding the file is, and send it whole."""


class FileUnreadable(Conflict):
    """Line {line} of the file cannot be read as cells separated by semicolons."""


class FileEmpty(Conflict):
    """The file has no line below the names of its columns."""


class FileTooLong(Conflict):
    """The file has more than {rows_max} lines: send it in several parts."""


class ColumnMissing(Conflict):
    """The file, whose cells are separated by semicolons, lacks the column {column}."""


class ColumnDoubled(Conflict):
    """The file has the column {column} more than once."""


class ColumnUnknown(Conflict):
    """Column {number} of the file has none of the names that are known: correct its name or leave it out."""


class PositionsDiffer(Conflict):
    """DATE_POSITION is not that of the first line, {position_on}: a file is of one day."""


class LoanUnknown(Conflict):
    """No loan of the CCAS's own funds has this number."""


class TitleUnknown(Conflict):
    """This loan has no instalment of that number or reference."""


class LineDiffers(Conflict):
    """A loan was taken over under this reference from a line that says something else: what changed since is entered
    on the loan.
    """


class RemainderNotTold(Conflict):
    """These instalments leave a remainder: say by RELIQUAT whether the first or the last one absorbs it."""


class LossAboveDebt(Conflict):
    """{column} is above what was left to lose on that day: {left} €."""


class BalanceDiffers(Conflict):
    """SOLDE says {balance} €, the ledger of this line gives {outstanding} € on that day."""
