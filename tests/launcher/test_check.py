"""The command `check`, on days of its own: no test depends on the day it runs."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from app.cli import main
from app.commands import check as command
from app.commands.check import WIDTH, a_year_before, check, report
from app.domain.national_law import Law, NationalLaw
from app.domain.usury import UsuryCategory, UsuryPeriod, UsuryTable, UsuryThreshold
from app.parameters.law import national_law, usury_table
from app.parameters.yaml_file import YamlFault

DAY = timedelta(days=1)
CHECKED_ON = date(2025, 3, 1)
ON = date(2026, 3, 1)


def law_checked(days: dict[Law, date], others: date = ON) -> NationalLaw:
    """National law of one value each since 2000, checked on those days."""
    return NationalLaw(
        {
            name: replace(
                found,
                values=(replace(found.values[0], valid_from=date(2000, 1, 1)),),
                last_value_still_valid_on=days.get(name, others),
            )
            for name, found in national_law().parameters.items()
        }
    )


def table_of(*periods: tuple[date, date]) -> UsuryTable:
    """Complete thresholds for those days, in the classes of today, checked that day."""
    brackets = usury_table().classes[-1].brackets
    rates: dict[UsuryCategory, UsuryThreshold] = {
        bracket.category: UsuryThreshold(percent=Decimal(10)) for bracket in brackets
    }
    return UsuryTable(
        classes=(replace(usury_table().classes[-1], last_value_still_valid_on=ON),),
        periods=tuple(
            UsuryPeriod(valid_from=first, valid_to=last, thresholds=rates, source="x") for first, last in periods
        ),
    )


FULL = table_of((date(2025, 1, 1), date(2026, 3, 31)))


def lines(law: NationalLaw, table: UsuryTable, on: date = ON) -> list[str]:
    return list(report(law, table, on))


@pytest.mark.parametrize(("checked_on", "is_stale"), [(CHECKED_ON - DAY, True), (CHECKED_ON, False)])
def test_a_parameter_is_stale_after_a_year_and_not_on_its_day(*, checked_on: date, is_stale: bool) -> None:
    law = law_checked({Law.WITHDRAWAL_DAYS: checked_on})
    shown = [line for line in lines(law, FULL) if "withdrawal_days)" in line]
    assert len(shown) == is_stale
    if is_stale:
        assert shown == ["  28/02/2025  Délai de rétractation, à compter de l'acceptation (withdrawal_days)"]


def test_the_stale_ones_come_oldest_first_and_are_counted() -> None:
    days = {Law.WITHDRAWAL_DAYS: date(2024, 6, 1), Law.AMOUNT_CENTS_MAX: date(2023, 1, 1)}
    found = lines(law_checked(days), FULL)
    count = len(Law) + 1
    assert f"À vérifier de nouveau, 2 sur {count} (dernière vérification il y a plus d'un an) :" in found
    assert [line[:12] for line in found if line.startswith("  ")] == ["  01/01/2023", "  01/06/2024"]


def test_the_classes_of_usury_are_checked_like_a_parameter() -> None:
    old = replace(FULL, classes=(replace(FULL.classes[-1], last_value_still_valid_on=date(2020, 1, 1)),))
    assert "  01/01/2020  Catégories de montants des taux d'usure (classes)" in lines(law_checked({}), old)


def test_nothing_stale_says_so_in_a_line() -> None:
    found = lines(law_checked({Law.WITHDRAWAL_DAYS: date(2025, 6, 1)}), FULL)
    count = len(Law) + 1
    assert found == [
        "Paramètres nationaux, au 01/03/2026",
        "",
        f"Les {count} ont été vérifiés depuis moins d'un an ; le plus ancien, le 01/06/2025.",
        "",
        "Taux d'usure : connus jusqu'au 31/03/2026.",
    ]


def test_a_day_without_thresholds_and_the_gaps_of_the_year_are_told() -> None:
    table = table_of((date(2024, 1, 1), date(2025, 6, 30)), (date(2025, 10, 1), date(2025, 12, 31)))
    found = "\n".join(lines(law_checked({}), table))
    assert "connus jusqu'au 31/12/2025." in found
    assert "Aucun pour le 01/03/2026" in found
    assert "du 01/07/2025 au 30/09/2025, du 01/01/2026 au 01/03/2026." in found


def test_a_table_without_periods_is_told() -> None:
    found = lines(law_checked({}), replace(FULL, periods=()))
    assert "Taux d'usure : aucun n'est connu." in found
    assert any("du 01/03/2025 au 01/03/2026" in line for line in found)


@pytest.mark.parametrize(
    ("on", "before"),
    [
        (date(2026, 3, 1), date(2025, 3, 1)),
        (date(2024, 2, 29), date(2023, 2, 28)),
        (date(2025, 2, 28), date(2024, 2, 28)),
        (date(1, 6, 1), date(1, 6, 1)),
    ],
)
def test_the_year_before(on: date, before: date) -> None:
    assert a_year_before(on) == before


@pytest.mark.parametrize("on", [date(2020, 1, 1), date(2026, 11, 21), date(2031, 2, 28), date.max])
def test_the_report_fits_in_a_hundred_columns(on: date) -> None:
    text = check(on)
    assert text.startswith(f"Paramètres nationaux, au {on:%d/%m/%Y}\n")
    assert max(len(line) for line in text.splitlines()) <= WIDTH


# The command.


def test_the_command_reports_and_never_fails_for_what_is_stale(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--on", "2050-01-01"]) == 0
    told = capsys.readouterr()
    assert "À vérifier de nouveau" in told.out
    assert told.err == ""


def test_the_command_without_a_day_takes_today(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    assert "Paramètres nationaux, au " in capsys.readouterr().out


def test_the_command_refuses_a_day_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["check", "--on", "2026-02-30"])
    assert caught.value.code == 2
    assert "2026-02-30" in capsys.readouterr().err


def test_the_command_fails_for_a_broken_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def broken() -> NationalLaw:
        raise YamlFault(tmp_path / "national_law.yaml", 3, "no sense")

    monkeypatch.setattr(command, "national_law", broken)
    assert main(["check", "--on", "2026-11-21"]) == 1
    assert "line 3: no sense" in capsys.readouterr().err
