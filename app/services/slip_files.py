"""The files of slips: `titres.csv` and `mandats.csv`, as finance software takes them. Project reference, § 7.3.

No purpose of a loan, nothing of a person's life, no NIR. What the service does not know is an empty cell: the code of
the debtor in the finance software, the street, the postal code, the account that is paid (its paper goes with the
mandate). Recovery is by title: no direct debit, so no RUM.
"""

from dataclasses import dataclass
from datetime import date

from app.domain import accounting_files
from app.domain.accounting_files import FileEncoding
from app.domain.titles import SlipKind
from app.schemas.accounting_slips import SlipLineRead, SlipRead

_BY_TITLE = "TITRE"
_TITRES = (
    "EXERCICE", "COLLECTIVITE_SIRET", "NUM_PRET", "NUM_ECHEANCE", "DATE_ECHEANCE", "TIERS_CODE", "CIVILITE", "NOM",
    "PRENOM", "DATE_NAISSANCE", "ADR1", "ADR2", "CP", "VILLE", "IMPUTATION", "MONTANT_PRINCIPAL", "MONTANT_INTERETS",
    "MONTANT_TOTAL", "OBJET", "REF_DECISION", "DATE_DECISION", "IBAN", "RUM", "MODE_RECOUVREMENT", "REF_ECHEANCE",
    "TYPE", "NUM_BORDEREAU",
)  # fmt: skip
_MANDATS = (
    "EXERCICE", "COLLECTIVITE_SIRET", "NUM_PRET", "DATE_VERSEMENT", "TIERS_CODE", "TIERS_SIRET", "CIVILITE", "NOM",
    "PRENOM", "IBAN", "IMPUTATION", "MONTANT", "NUM_FACTURE", "OBJET", "REF_DECISION", "DATE_DECISION",
    "REF_VERSEMENT", "TYPE", "NUM_BORDEREAU",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SlipFile:
    """The bytes of a slip, and the name of the file, such as titres-2011-0001.csv."""

    content: bytes
    file_name: str
    encoding: FileEncoding


def write(slip: SlipRead, *, encoding: FileEncoding) -> SlipFile:
    """The file of a slip: the same slip, the same bytes."""
    columns, cells = (_TITRES, _titre) if slip.kind is SlipKind.TITRES else (_MANDATS, _mandat)
    found = [cells(slip, line) for line in slip.lines]
    rows = [[one.get(column) or "" for column in columns] for one in found]
    content = accounting_files.written(columns, rows, encoding=encoding)
    return SlipFile(content, f"{slip.kind.value}-{slip.year}-{slip.number:04d}.csv", encoding)


def _titre(slip: SlipRead, line: SlipLineRead) -> dict[str, str | None]:
    return {
        **_cells(slip, line),
        "NUM_ECHEANCE": None if line.number is None else str(line.number),
        "DATE_ECHEANCE": accounting_files.day(line.due_on),
        "DATE_NAISSANCE": _day(line.party.birth_on),
        "VILLE": line.party.city,
        "MONTANT_PRINCIPAL": accounting_files.amount(line.principal_cents),
        "MONTANT_INTERETS": accounting_files.amount(line.interest_cents),
        "MONTANT_TOTAL": accounting_files.amount(line.total_cents),
        "MODE_RECOUVREMENT": _BY_TITLE,
        "REF_ECHEANCE": line.reference,
    }


def _mandat(slip: SlipRead, line: SlipLineRead) -> dict[str, str | None]:
    return {
        **_cells(slip, line),
        "DATE_VERSEMENT": accounting_files.day(line.due_on),
        "TIERS_SIRET": line.party.siret,
        "MONTANT": accounting_files.amount(line.total_cents),
        "NUM_FACTURE": line.invoice_number,
        "REF_VERSEMENT": line.reference,
    }


def _cells(slip: SlipRead, line: SlipLineRead) -> dict[str, str | None]:
    """What both files have."""
    return {
        "EXERCICE": str(slip.year),
        "COLLECTIVITE_SIRET": slip.collectivity_siret,
        "NUM_PRET": line.loan_reference,
        "CIVILITE": line.party.civility,
        "NOM": line.party.name,
        "PRENOM": line.party.first_names,
        "IMPUTATION": slip.loan_account,
        "OBJET": line.object,
        "REF_DECISION": line.decision_reference,
        "DATE_DECISION": accounting_files.day(line.decided_on),
        "TYPE": line.type.value,
        "NUM_BORDEREAU": str(slip.number),
    }


def _day(on: date | None) -> str | None:
    return None if on is None else accounting_files.day(on)
