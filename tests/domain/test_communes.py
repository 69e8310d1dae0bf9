"""The communes of France as INSEE codes them."""

import re

import pytest

from app.parameters.communes import communes


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("01001", ("L'Abergement-Clémenciat",)),
        ("25056", ("Besançon",)),
        ("59153", ("Condé-sur-l'Escaut",)),
        ("2A004", ("Ajaccio",)),
        ("97411", ("Saint-Denis",)),
        ("98818", ("Nouméa",)),
        # A commune and its arrondissements, a commune and the delegated one of its code, an associated one.
        ("75056", ("Paris",)),
        ("75101", ("Paris 1er Arrondissement",)),
        ("01015", ("Arboys en Bugey", "Arbignieu")),
        ("01120", ("Cordieux",)),
    ],
)
def test_a_code_has_its_names(code: str, names: tuple[str, ...]) -> None:
    assert communes()[code] == names


def test_every_line_is_a_code_of_insee_and_a_name() -> None:
    assert len(communes()) == 37_006
    for code, names in communes().items():
        assert re.fullmatch(r"(\d{2}|2[AB])\d{3}", code, re.ASCII)
        assert all(name == name.strip() and name for name in names)
        assert len(set(names)) == len(names)
