"""Loans that a CCAS kept in spreadsheets, line by line, as they are taken over.

What a cell does not tell stays untold. The words of the columns are in `app/schemas/portfolio_imports.py`.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass
from datetime import date

from app.domain.accounting_files import Table, cents_of, day_of
from app.domain.amortization import DURATION_MONTHS_MAX, RemainderOn
from app.domain.discharges import DischargeGround
from app.domain.errors import FieldFault
from app.domain.ledger import PayeeKind

Cells = Mapping[str, str] | None

# Told within 100 characters with what a repayment's reference adds to it.
REFERENCE_LENGTH_MAX = 80
_TEXTS = {"REFERENCE": REFERENCE_LENGTH_MAX, "NOM": 100, "PRENOM": 100, "PROJET": 4000}
_PRODUCT_LENGTH_MAX = 40
_DAYS = (
    "DATE_NAISSANCE",
    "DATE_DEMANDE",
    "DATE_DECISION",
    "DATE_CONTRAT",
    "DATE_VERSEMENT",
    "PREMIERE_ECHEANCE",
    "DATE_SITUATION",
)
_AMOUNTS = ("COUT_PROJET", "MONTANT_DEMANDE", "MONTANT_PRET")
_COLUMNS = (*_TEXTS, *_DAYS, *_AMOUNTS, "CODE_INSEE", "OBJET", "SOLDE")
_OTHER_DAYS = ("DERNIER_PAIEMENT", "CONTENTIEUX_LE", "NON_VALEUR_LE", "ETEINT_LE")
_OTHER_AMOUNTS = ("SUBVENTION", "MENSUALITE", "REMBOURSE", "SOUTIEN", "NON_VALEUR", "ETEINT")
_SIDES = {"PREMIERE": RemainderOn.FIRST, "DERNIERE": RemainderOn.LAST}
_PAYEES = {"FOURNISSEUR": PayeeKind.SUPPLIER, "EMPRUNTEUR": PayeeKind.BORROWER}
_GROUNDS = {
    "RETABLISSEMENT": DischargeGround.PERSONAL_RECOVERY,
    "RETABLISSEMENT_LIQUIDATION": DischargeGround.PERSONAL_RECOVERY_LIQUIDATION,
    "LIQUIDATION": DischargeGround.JUDICIAL_LIQUIDATION,
    "PLAN": DischargeGround.PARTIAL_ERASURE,
}
_CHOICES: Mapping[str, Mapping[str, object]] = {"RELIQUAT": _SIDES, "BENEFICIAIRE": _PAYEES, "ETEINT_MOTIF": _GROUNDS}
_PLAN = ("NB_ECHEANCES", "MENSUALITE")
# Each is told with the others or not at all.
_TOGETHER = (
    ("REMBOURSE", "DERNIER_PAIEMENT"),
    ("NON_VALEUR", "NON_VALEUR_LE"),
    ("ETEINT", "ETEINT_LE", "ETEINT_MOTIF"),
)
_OPTIONAL = (*_OTHER_DAYS, *_OTHER_AMOUNTS, *_CHOICES, "NB_ECHEANCES", "PRODUIT")
_NUMBER = re.compile(r"[1-9]\d{0,2}", re.ASCII)
_INSEE_CODE = re.compile(r"(\d{2}|2[AB])\d{3}", re.ASCII)
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldLoan:
    """One line: a loan of own funds as its spreadsheet tells it up to `position_on`. Amounts are in cents.

    Sums that it does not tell are 0, all else that it does not tell is null. `supported_cents` is part of
    `repaid_cents`.
    """

    reference: str
    birth_name: str
    first_names: str
    birth_on: date
    commune_insee_code: str
    product: str | None
    purpose: str
    project: str
    project_cost_cents: int
    requested_cents: int
    received_on: date
    decided_on: date
    principal_cents: int
    grant_cents: int
    contracted_on: date
    disbursed_on: date
    payee: PayeeKind | None
    first_due_on: date
    duration_months: int | None
    instalment_cents: int | None
    remainder_on: RemainderOn | None
    repaid_cents: int
    repaid_on: date | None
    supported_cents: int
    litigation_on: date | None
    written_off_cents: int
    written_off_on: date | None
    discharged_cents: int
    discharged_on: date | None
    discharge_ground: DischargeGround | None
    position_on: date
    balance_cents: int

    @property
    def digest(self) -> str:
        """What tells whether a line says the same as another, however its cells stand."""
        return hashlib.sha256(repr([str(value) for value in astuple(self)]).encode()).hexdigest()

    @property
    def days(self) -> tuple[tuple[str, date], ...]:
        """The days that follow one another, by the names of their columns."""
        return (
            ("DATE_NAISSANCE", self.birth_on),
            ("DATE_DEMANDE", self.received_on),
            ("DATE_DECISION", self.decided_on),
            ("DATE_CONTRAT", self.contracted_on),
            ("DATE_VERSEMENT", self.disbursed_on),
            ("DATE_SITUATION", self.position_on),
        )

    @property
    def days_of_life(self) -> tuple[tuple[str, date], ...]:
        """The days between the payment and the balance, by the names of their columns."""
        told = (self.repaid_on, self.litigation_on, self.written_off_on, self.discharged_on)
        return tuple((name, on) for name, on in zip(_OTHER_DAYS, told, strict=True) if on is not None)


def check_columns(table: Table) -> None:
    """Raises ColumnMissing, ColumnDoubled: what may be empty may be missing too."""
    table.check_columns(*_COLUMNS, *(name for name in _OPTIONAL if name in table.columns))


def told(cells: Cells, *, purposes: frozenset[str]) -> ToldLoan | list[FieldFault]:
    """What a line says, or all that keeps it from being read, each with the name of its column.

    `purposes` are the codes that OBJET may have.
    """
    if cells is None:
        return [FieldFault("", "cells_and_columns", {})]
    whole = {**dict.fromkeys(_OPTIONAL, ""), **cells}
    faults = [*_faults(whole, purposes), *_faults_together(whole)]
    return faults or _read(whole)


def _faults(cells: Mapping[str, str], purposes: frozenset[str]) -> Iterator[FieldFault]:
    yield from (FieldFault(f"/{name}", "missing", {}) for name in _COLUMNS if not cells[name])
    for name, length_max in (*_TEXTS.items(), ("PRODUIT", _PRODUCT_LENGTH_MAX)):
        yield from _faults_of_text(name, cells[name], length_max)
    for name in filter(cells.get, (*_DAYS, *_OTHER_DAYS)):
        if day_of(cells[name]) is None:
            yield FieldFault(f"/{name}", "not_a_french_day", {})
    for name in filter(cells.get, (*_AMOUNTS, *_OTHER_AMOUNTS, "SOLDE")):
        yield from _faults_of_amount(name, cells[name])
    yield from _faults_of_codes(cells, purposes)
    if cells["NB_ECHEANCES"]:
        yield from _faults_of_number("NB_ECHEANCES", cells["NB_ECHEANCES"])


def _faults_of_amount(name: str, text: str) -> Iterator[FieldFault]:
    cents = cents_of(text)
    if cents is None:
        yield FieldFault(f"/{name}", "not_a_french_amount", {})
    elif cents == 0 and name in (*_AMOUNTS, "MENSUALITE"):
        yield FieldFault(f"/{name}", "too_small", {"ge": "0,01"})


def _faults_of_codes(cells: Mapping[str, str], purposes: frozenset[str]) -> Iterator[FieldFault]:
    for name in filter(cells.get, _CHOICES):
        if cells[name] not in _CHOICES[name]:
            yield FieldFault(f"/{name}", "not_one_of", {"expected": " or ".join(_CHOICES[name])})
    if cells["CODE_INSEE"] and not _INSEE_CODE.fullmatch(cells["CODE_INSEE"]):
        yield FieldFault("/CODE_INSEE", "bad_form", {})
    if cells["OBJET"] and cells["OBJET"] not in purposes:
        yield FieldFault("/OBJET", "unknown_code", {"list": "purposes"})


def _faults_together(cells: Mapping[str, str]) -> Iterator[FieldFault]:
    if not any(cells[name] for name in _PLAN):
        yield FieldFault("/NB_ECHEANCES", "one_of_two", {"expected": ", ".join(_PLAN)})
    for names in _TOGETHER:
        is_told = bool(cents_of(cells[names[0]])) or any(cells[name] for name in names[1:])
        for name in names:
            if is_told and (not cells[name] or cents_of(cells[name]) == 0):
                yield FieldFault(f"/{name}", "missing", {})
    repaid, supported = cents_of(cells["REMBOURSE"]) or 0, cents_of(cells["SOUTIEN"]) or 0
    if supported > repaid:
        yield FieldFault("/SOUTIEN", "too_large", {"le": cells["REMBOURSE"] or "0"})


def _faults_of_text(name: str, text: str, length_max: int) -> Iterator[FieldFault]:
    if len(text) > length_max:
        yield FieldFault(f"/{name}", "too_long", {"max_length": length_max})
    if any(unicodedata.category(character) in _UNSEEN for character in text):
        yield FieldFault(f"/{name}", "control_character", {})


def _faults_of_number(name: str, text: str) -> Iterator[FieldFault]:
    if not _NUMBER.fullmatch(text):
        yield FieldFault(f"/{name}", "not_an_integer", {})
    elif int(text) > DURATION_MONTHS_MAX:
        yield FieldFault(f"/{name}", "too_large", {"le": DURATION_MONTHS_MAX})


def _read(cells: Mapping[str, str]) -> ToldLoan:
    """The line of cells without faults."""
    texts = {name: unicodedata.normalize("NFC", cells[name]) for name in _TEXTS}
    sums = {name: cents_of(cells[name]) or 0 for name in (*_AMOUNTS, *_OTHER_AMOUNTS, "SOLDE")}
    return ToldLoan(
        reference=texts["REFERENCE"],
        birth_name=texts["NOM"],
        first_names=texts["PRENOM"],
        birth_on=_day(cells["DATE_NAISSANCE"]),
        commune_insee_code=cells["CODE_INSEE"],
        product=cells["PRODUIT"] or None,
        purpose=cells["OBJET"],
        project=texts["PROJET"],
        project_cost_cents=sums["COUT_PROJET"],
        requested_cents=sums["MONTANT_DEMANDE"],
        received_on=_day(cells["DATE_DEMANDE"]),
        decided_on=_day(cells["DATE_DECISION"]),
        principal_cents=sums["MONTANT_PRET"],
        grant_cents=sums["SUBVENTION"],
        contracted_on=_day(cells["DATE_CONTRAT"]),
        disbursed_on=_day(cells["DATE_VERSEMENT"]),
        payee=_PAYEES.get(cells["BENEFICIAIRE"]),
        first_due_on=_day(cells["PREMIERE_ECHEANCE"]),
        duration_months=int(cells["NB_ECHEANCES"]) if cells["NB_ECHEANCES"] else None,
        instalment_cents=sums["MENSUALITE"] or None,
        remainder_on=_SIDES.get(cells["RELIQUAT"]),
        repaid_cents=sums["REMBOURSE"],
        repaid_on=day_of(cells["DERNIER_PAIEMENT"]),
        supported_cents=sums["SOUTIEN"],
        litigation_on=day_of(cells["CONTENTIEUX_LE"]),
        written_off_cents=sums["NON_VALEUR"],
        written_off_on=day_of(cells["NON_VALEUR_LE"]),
        discharged_cents=sums["ETEINT"],
        discharged_on=day_of(cells["ETEINT_LE"]),
        discharge_ground=_GROUNDS.get(cells["ETEINT_MOTIF"]),
        position_on=_day(cells["DATE_SITUATION"]),
        balance_cents=sums["SOLDE"],
    )


def _day(text: str) -> date:
    on = day_of(text)
    if on is None:
        raise ValueError("a day that was checked")
    return on
