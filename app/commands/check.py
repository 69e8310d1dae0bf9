"""What an operator has to look up again: parameters checked more than a year ago, usury thresholds that are missing."""

from collections.abc import Iterator
from datetime import date
from textwrap import wrap

from app.domain.national_law import Law, NationalLaw, Parameter
from app.domain.usury import UsuryTable
from app.parameters.law import national_law, usury_table

WIDTH = 100


def check(on: date) -> str:
    """The report for a day, in French, in a hundred columns.

    It is read by a person and is no alarm: there is something to look up for months each year, and the command says
    so with the exit code 0. Raises YamlFault if a file is broken, which is what the exit code tells.
    """
    return "\n".join(line for paragraph in report(national_law(), usury_table(), on) for line in _lines(paragraph))


def report(law: NationalLaw, table: UsuryTable, on: date) -> Iterator[str]:
    """The paragraphs; those of a list begin with two spaces."""
    yield f"Paramètres nationaux, au {on:%d/%m/%Y}"
    yield ""
    yield from _parameters(law, table, a_year_before(on))
    yield ""
    yield from _usury(table, on)


def a_year_before(on: date) -> date:
    """The same day of the year before; 28 February for the 29th."""
    day = 28 if (on.month, on.day) == (2, 29) else on.day
    return on.replace(year=max(on.year - 1, 1), day=day)


def _parameters(law: NationalLaw, table: UsuryTable, limit: date) -> Iterator[str]:
    checked = [(parameter.last_value_still_valid_on, name, parameter.label) for name, parameter in _in_order(law)]
    checked += [
        (classes.last_value_still_valid_on, "classes", "Catégories de montants des taux d'usure")
        for classes in table.classes
        if classes.last_value_still_valid_on is not None
    ]
    stale = [row for row in checked if row[0] < limit]
    if not stale:
        oldest = min(day for day, _, _ in checked)
        yield f"Les {len(checked)} ont été vérifiés depuis moins d'un an ; le plus ancien, le {oldest:%d/%m/%Y}."
        return
    yield f"À vérifier de nouveau, {len(stale)} sur {len(checked)} (dernière vérification il y a plus d'un an) :"
    for day, name, label in sorted(stale):
        yield f"  {day:%d/%m/%Y}  {label} ({name})"


def _in_order(law: NationalLaw) -> Iterator[tuple[str, Parameter]]:
    return ((name.value, law.parameters[name]) for name in Law)


def _usury(table: UsuryTable, on: date) -> Iterator[str]:
    last = table.last_day_covered()
    yield f"Taux d'usure : connus jusqu'au {last:%d/%m/%Y}." if last else "Taux d'usure : aucun n'est connu."
    if table.period(on) is None:
        yield (
            f"  Aucun pour le {on:%d/%m/%Y} : une offre de ce jour, hors taux nul, ne peut être contrôlée "
            "(unknown_rate). Ajoutez la dernière publication de la Banque de France à app/parameters/usury.yaml."
        )
    gaps = [f"du {first:%d/%m/%Y} au {end:%d/%m/%Y}" for first, end in table.gaps(a_year_before(on), on)]
    if gaps:
        yield f"  Jours de l'année écoulée où il en manque : {', '.join(gaps)}."


def _lines(paragraph: str) -> list[str]:
    margin = paragraph[: len(paragraph) - len(paragraph.lstrip())]
    return wrap(paragraph, WIDTH, subsequent_indent=margin + "  ", break_long_words=False) or [""]
