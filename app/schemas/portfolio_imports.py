"""Loans of own funds that a CCAS kept in spreadsheets, as they are taken over."""

from typing import Literal
from uuid import UUID

from app.schemas.base import Output
from app.schemas.batches import ItemError
from app.schemas.file_imports import FileImport


class PortfolioImportCreate(FileImport):
    """A file of at most 500 lines, in base64, one loan of own funds a line; amounts « 1234,56 » in euros, days
    JJ/MM/AAAA, columns in any order. What a line does not tell stays null, and no rule is applied to its decision.

    Always told: REFERENCE (the CCAS's own number, unique), NOM (birth name), PRENOM, DATE_NAISSANCE, CODE_INSEE (of the
    commune), OBJET (code of purpose), PROJET (in words), COUT_PROJET, MONTANT_DEMANDE, DATE_DEMANDE, DATE_DECISION,
    MONTANT_PRET, DATE_CONTRAT (signed by all), DATE_VERSEMENT, PREMIERE_ECHEANCE (its day), DATE_SITUATION (day up to
    which the line tells all), SOLDE (principal that the books hold on that day, non-valeurs deducted).

    The plan: NB_ECHEANCES or MENSUALITE (the usual instalment), or both; RELIQUAT (PREMIERE or DERNIERE) is the
    instalment that absorbs what is left, told wherever it makes a difference. Rate and rounding are those of the rules
    of DATE_DECISION.

    Where there is anything to tell: PRODUIT (code, where the rules have several), SUBVENTION, BENEFICIAIRE (FOURNISSEUR
    or EMPRUNTEUR, to whom it was paid; as the rules have it where it is empty), REMBOURSE (all that was repaid) with
    DERNIER_PAIEMENT (day of the last payment, on which all of it is entered) and SOUTIEN (the part of it that the CCAS
    paid), CONTENTIEUX_LE, NON_VALEUR with NON_VALEUR_LE, ETEINT with ETEINT_LE and ETEINT_MOTIF
    (RETABLISSEMENT, RETABLISSEMENT_LIQUIDATION, LIQUIDATION or PLAN). These columns may be empty or missing.
    """


class PortfolioItemRead(Output):
    """The answer to one line: `recorded`; `known`, taken over before and nothing changed; or `refused` with its error.

    `loan_id` is null in a dry run unless the loan was known. `similar_person_ids` are people of the same names and
    birth date: the line made another person all the same, for the staff to merge. `outstanding_cents` is what the
    ledger holds on DATE_SITUATION.
    """

    index: int
    status: Literal["recorded", "known", "refused"]
    loan_id: UUID | None
    error: ItemError | None
    similar_person_ids: list[UUID]
    outstanding_cents: int | None


class PortfolioTotals(Output):
    """Lines by their answers; principal lent and outstanding, in cents, of those that were recorded or known."""

    lines: int
    recorded: int
    known: int
    refused: int
    principal_cents: int
    outstanding_cents: int


class PortfolioImportRead(Output):
    """The answers in the order of the lines, and what they add up to: the figures to hold against the spreadsheet."""

    dry_run: bool
    totals: PortfolioTotals
    items: list[PortfolioItemRead]
