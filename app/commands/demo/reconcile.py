"""The report's figures beside those of the API, one line each; nothing is adjusted on either side."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.commands.demo.cases import Case, Report, ReportYear
from app.commands.demo.readings import Reading, of_year
from app.domain.decisions import Outcome
from app.domain.money import euros
from app.parameters.codes import label


class Unit(StrEnum):
    """How a figure is written."""

    COUNT = "count"
    CENTS = "cents"
    MONTH = "month"


Figure = int | str | None


@dataclass(frozen=True, slots=True)
class Line:
    """A figure as printed in the report, or else expected, and as the API gives it. `assumed`: no source gives it."""

    label: str
    report: Figure
    api: Figure
    unit: Unit = Unit.COUNT
    assumed: bool = False

    @property
    def reconciles(self) -> bool:
        """To the cent, to the month."""
        return self.report == self.api


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The lines, and the cases that differ from their row of the report with the columns that do."""

    lines: tuple[Line, ...]
    differences: dict[str, list[str]]

    @property
    def reconciles(self) -> bool:
        """Whether everything printed is found again."""
        return not self.differences and all(line.reconciles for line in self.lines)


def reconcile(report: Report, cases: Sequence[Case], readings: Sequence[Reading]) -> Reconciliation:
    """Compares all that the report prints, but its own disagreements, with what the API answers."""
    by_name = {reading.name: reading for reading in readings}
    differences = {case.id: found for case in cases if (found := _differences(case, by_name.get(case.id)))}
    lines = [
        Line("Demandes dans la base", len(cases), len(readings)),
        Line("Cas conformes à leur ligne du rapport", len(cases), len(cases) - len(differences)),
        Line("Plans de financement équilibrés", len(cases), sum(map(_balanced, readings))),
    ]
    for year in report.years:
        lines += _year_lines(year, of_year(readings, year.year), readings)
    lines += _balance_lines(cases, by_name)
    return Reconciliation(tuple(lines), differences)


def _year_lines(printed: ReportYear, examined: Sequence[Reading], readings: Sequence[Reading]) -> list[Line]:
    year, funnel = printed.year, printed.funnel
    contracted = [each for each in readings if each.contracted_on and each.contracted_on.year == year]
    loans = [each.loan for each in contracted if each.loan is not None]
    lent = sum(loan.principal_cents for loan in loans)
    paid_out = sum(each.paid_out_cents(year) for each in readings)
    owed = sum(loan.outstanding_cents > 0 for loan in loans)
    beside_a_grant = [
        each for each in examined if each.decision.outcome is Outcome.APPROVE and each.decision.grant_cents
    ]
    return [
        Line(f"{year} dossiers examinés", funnel.examined, len(examined)),
        Line(f"{year} microcrédits accordés", funnel.approved, _decided(examined, Outcome.APPROVE)),
        Line(f"{year} dont avec une subvention", printed.approved_with_grant, len(beside_a_grant)),
        Line(f"{year} microcrédits contractualisés", funnel.contracted, len(contracted)),
        Line(f"{year} subventions seules", funnel.grant_only, _decided(examined, Outcome.GRANT_ONLY)),
        Line(f"{year} refus", funnel.refused, _decided(examined, Outcome.REFUSE)),
        Line(f"{year} ajournements", funnel.adjourned, _decided(examined, Outcome.ADJOURN)),
        Line(f"{year} montant contractualisé", printed.contracted_cents, lent, Unit.CENTS),
        Line(f"{year} microcrédits décaissés", printed.contracted_cents, paid_out, Unit.CENTS),
        Line(f"{year} subventions, somme des lignes", printed.grant_lines_cents, _grants(examined), Unit.CENTS),
        Line(f"{year} prêts soldés", printed.settled, _count(contracted, "settled")),
        Line(f"{year} prêts en cours", printed.outstanding, owed),
        Line(f"{year} dont en contentieux", printed.in_litigation, _count(contracted, "litigation")),
    ]


def _balance_lines(cases: Iterable[Case], by_name: dict[str, Reading]) -> list[Line]:
    lines = []
    for case in cases:
        reported, reading = case.reported, by_name.get(case.id)
        if reported.settled_in is not None:
            settled_on = reading.settled_on if reading else None
            month = f"{settled_on:%Y-%m}" if settled_on else None
            lines.append(Line(f"{case.id} soldé en", reported.settled_in, month, Unit.MONTH))
        elif reported.balance_cents is not None and not reported.balance_inferred:
            found = reading.loan.outstanding_cents if reading and reading.loan else None
            lines.append(Line(f"{case.id} solde", reported.balance_cents, found, Unit.CENTS))
    return lines


def _differences(case: Case, reading: Reading | None) -> list[str]:
    """The columns of the case's row that the API does not give back."""
    if reading is None:
        return ["absent"]
    loan, terms = reading.loan, reading.decision.loan
    contracted = case.contract is not None
    columns: dict[str, tuple[Figure, Figure]] = {
        "année": (case.dates.decided_on.year, reading.year),
        "projet": (case.project.cost_cents, reading.request.project_cost_cents),
        "prêt": (case.loan.amount_cents if case.loan else None, terms.amount_cents if terms else None),
        "mois": (case.loan.duration_months if case.loan else None, terms.duration_months if terms else None),
        "contrat": (
            case.loan.amount_cents if case.loan and contracted else None,
            loan.principal_cents if loan else None,
        ),
        "subvention": (case.grant_cents, reading.decision.grant_cents),
        "solde": (case.reported.balance_cents, loan.outstanding_cents if loan else None),
        "situation": (case.reported.situation, reading.situation()),
    }
    return [column for column, (report, api) in columns.items() if report != api]


def disagreements(report: Report, readings: Sequence[Reading]) -> list[tuple[str, str, str]]:
    """The report's own inconsistencies: code, what it says, what the API gives in their place.

    Raises KeyError when a case that one of them names is absent.
    """
    names = _found(report, readings) if report.disagreements else {}
    return [(each.code, each.says, each.found.format_map(names)) for each in report.disagreements]


def _found(report: Report, readings: Sequence[Reading]) -> dict[str, object]:
    by_name = {reading.name: reading for reading in readings}
    first, second = of_year(readings, 2010), of_year(readings, 2011)
    g09, g10, g16, g19 = (by_name[name] for name in ("G09", "G10", "G16", "G19"))
    return {
        "status_on": f"{report.status_on:%d/%m/%Y}",
        "approved": _decided(readings, Outcome.APPROVE),
        "approved_2010": _decided(first, Outcome.APPROVE),
        "approved_2011": _decided(second, Outcome.APPROVE),
        "examined_2011": len(second),
        "approved_then_examined": _decided(first, Outcome.APPROVE) + len(second),
        "contracted": sum(each.contracted_on is not None for each in readings),
        "contracted_2010": sum(each.contracted_on is not None for each in first),
        "grant_only": _decided(readings, Outcome.GRANT_ONLY),
        "not_started": _count(readings, "not_started"),
        "grants_2011": euros(_grants(second)),
        "grants_gap": euros(_grants(second) - report.grants_printed_2011_cents),
        "grant_g16": euros(g16.decision.grant_cents),
        "reason_g09": f"« {g09.decision.reason} »",
        "reason_g10": f"« {g10.decision.reason} »",
        "closing_g10": label("reasons", g10.request.closing_reason_code or "other", "fr"),
        "months_g19": g19.loan.duration_months if g19.loan else None,
        "repaid_g19": euros(g19.loan.repaid_cents if g19.loan else 0),
    }


def _balanced(reading: Reading) -> bool:
    return reading.plan.balanced and reading.planned_cents() == reading.request.project_cost_cents


def _decided(readings: Iterable[Reading], outcome: Outcome) -> int:
    return sum(reading.decision.outcome is outcome for reading in readings)


def _count(readings: Iterable[Reading], situation: str) -> int:
    return sum(reading.situation() == situation for reading in readings)


def _grants(readings: Iterable[Reading]) -> int:
    return sum(reading.decision.grant_cents for reading in readings)
