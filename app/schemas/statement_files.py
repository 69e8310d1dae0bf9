"""A lender's statement, as a file that it exports."""

from app.domain.accounting_files import FileEncoding
from app.schemas.base import Day
from app.schemas.file_imports import FileImport


class StatementFileCreate(FileImport):
    """A file of at most 500 lines, in base64, and the day up to which it tells all, that day included.

    Columns, in any order, those of no use left out: DOSSIER (the handoff), NATURE, REFERENCE, DATE, MONTANT,
    CAPITAL_RESTANT_DU, and those of one NATURE alone. REMBOURSEMENT and SOLDE have no other; IMPAYE: ECHEANCE (the
    number of the instalment); REJET: REFERENCE_REJETEE, MOTIF; VERSEMENT: BENEFICIAIRE; ECHEANCIER, a line for each
    instalment of new rows: NATURE_CHANGEMENT, DATE_DECISION, TAUX, ECHEANCE, DATE_ECHEANCE, CAPITAL, INTERETS,
    PART_EMPRUNTEUR; DECHEANCE; PERTE: CAPITAL, INTERETS; APPEL_GARANTIE: GARANT, REFERENCE_PERTE; RECOUVREMENT:
    REFERENCE_PERTE; CONTREPASSATION: NATURE_CONTREPASSEE, REFERENCE_CONTREPASSEE.
    """

    position_on: Day
    encoding: FileEncoding = FileEncoding.UTF_8
