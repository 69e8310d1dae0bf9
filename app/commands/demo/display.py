"""The story on a terminal, in French, in a hundred columns."""

import re
from collections.abc import Iterator, Sequence
from textwrap import fill

from app.commands.demo.cases import Case, Report
from app.commands.demo.readings import Reading
from app.commands.demo.reconcile import Figure, Line, Reconciliation, Unit, disagreements
from app.domain.money import euros

WIDTH = 100
ASSUMED = "*"  # on every value that no source gives

_SITUATIONS = {
    "settled": "soldé",
    "litigation": "contentieux",
    "running": "en cours",
    "first_unpaid": "1re impayée",
    "not_started": "non démarré",
    "not_contracted": "sans suite",
    "refused": "refus",
    "adjourned": "ajourné",
    "grant_only": "subvention",
}
_NOTE = (
    f"{ASSUMED} supposé : aucune source ne le donne. Le sont aussi, sans être imprimés ici, les identités, les "
    "naissances, les foyers, les prescripteurs, les ressources, les montants demandés, les signataires, les jours de "
    "réception, de décision, de signature, de versement, d'échéance et de contentieux, chaque remboursement et la "
    "plupart des autres réponses apportées."
)


def story(
    report: Report, cases: Sequence[Case], readings: Sequence[Reading], reconciliation: Reconciliation
) -> Iterator[str]:
    """The lines to print of Besançon: the cases, the reconciliation, the disagreements."""
    on = f"{report.status_on:%d/%m/%Y}"
    yield f"CCAS de Besançon, « Parcours Projet » : les projets des jeunes, rejoués par l'API, au {on}"
    yield ""
    yield from _table(cases, readings, reconciliation)
    yield ""
    yield fill(unbroken(_NOTE), WIDTH)
    yield ""
    yield from figures("Rapprochement", "Rapport", reconciliation.lines)
    if not any("absent" in columns for columns in reconciliation.differences.values()):
        yield ""
        yield "Incohérences du rapport (nommées, non lissées)"
        for code, says, found in disagreements(report, readings):
            yield _paragraph(f"{code:4} {says}")
            yield _paragraph(f"  →  {found}")


def _table(cases: Sequence[Case], readings: Sequence[Reading], reconciliation: Reconciliation) -> Iterator[str]:
    by_id = {case.id: case for case in cases}
    titles = ("Cas", "Projet", "Coût", "Prêt", "Mensualités", "Subv.", "Solde", "Situation", "")
    yield _row(titles)
    yield "─" * WIDTH
    for reading in readings:
        mark = _mark(reconciles=reading.name in by_id and reading.name not in reconciliation.differences)
        yield _row((*_cells(by_id.get(reading.name), reading), mark))


def _row(cells: Sequence[str]) -> str:
    name, project, cost, loan, instalments, grant, balance, situation, mark = cells
    if len(project) > 20:
        project = project[:19].rstrip() + "…"
    return (
        f"{name:3} {project:20} {cost:>10} {loan:>11} {instalments:>14} {grant:>8} {balance:>11} {situation:13} {mark}"
    ).rstrip()


def _cells(case: Case | None, reading: Reading) -> tuple[str, ...]:
    """What the API answered; the data only tell which of it was assumed."""
    terms, loan, grant = reading.decision.loan, reading.loan, reading.decision.grant_cents
    situation = reading.situation()
    supposed_loan = case is None or (case.loan is not None and case.loan.assumed)
    supposed_balance = case is None or case.reported.balance_inferred
    instalments = ""
    if terms and terms.instalment_cents is not None:
        instalments = f"{terms.duration_months} × {_amount(terms.instalment_cents, assumed=True)}"
    return (
        reading.name,
        reading.request.project_description,
        euros(reading.request.project_cost_cents),
        _amount(terms.amount_cents, assumed=supposed_loan) if terms else "",
        instalments,
        _amount(grant, assumed=False) if grant else "",
        _amount(loan.outstanding_cents, assumed=supposed_balance) if loan else "",
        _SITUATIONS.get(situation, situation),
    )


def figures(title: str, expected: str, lines: Sequence[Line], *, wide: int = 16) -> Iterator[str]:
    """Each figure beside that of the API."""
    yield f"{title:48} {expected:>{wide}} {'API':>{wide}}"
    yield "─" * WIDTH
    for line in lines:
        report, api = _figure(line.report, line.unit), _figure(line.api, line.unit)
        report += ASSUMED if line.assumed else ""
        yield f"{line.label:48} {report:>{wide}} {api:>{wide}}   {_mark(reconciles=line.reconciles)}"


def _paragraph(text: str) -> str:
    return fill(unbroken(text), WIDTH, subsequent_indent=" " * 5)


def unbroken(text: str) -> str:
    """French puts spaces inside its quotation marks and before its high marks; no line breaks there."""
    return re.sub(r"(?<=«) | (?=[»:;?!€%])", "\u00a0", text)


def verdict(reconciliation: Reconciliation, of_files: Sequence[Line], of_journeys: Sequence[Line]) -> Iterator[str]:
    """Whether everything is found again: Besançon's figures, those of the lenders' files, those of the journeys."""
    for name, columns in reconciliation.differences.items():
        yield f"✗ {name} : {', '.join(columns)}"
    lines = [*reconciliation.lines, *of_files, *of_journeys]
    wrong = sum(not line.reconciles for line in lines)
    if wrong or not reconciliation.reconciles:
        yield f"✗ {wrong} des {len(lines)} chiffres rapprochés ne se retrouvent pas."
    else:
        own = f"{len(reconciliation.lines)} de Besançon, {len(of_files)} des autres, {len(of_journeys)} des parcours"
        yield f"Les {len(lines)} chiffres se retrouvent, au centime : {own}."


def _figure(figure: Figure, unit: Unit) -> str:
    if figure is None:
        return "absent"
    if unit is Unit.CENTS and isinstance(figure, int):
        return euros(figure)
    return "/".join(reversed(str(figure).split("-"))) if unit is Unit.MONTH else str(figure)


def _amount(cents: int, *, assumed: bool) -> str:
    return euros(cents) + (ASSUMED if assumed else "")


def _mark(*, reconciles: bool) -> str:
    return "✓" if reconciles else "✗"
