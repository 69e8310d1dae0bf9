"""Rules in the words of those who adopt them: what a product says, what a version changes."""

from collections.abc import Iterator
from dataclasses import is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, Literal

from app.domain.dates import MONTHS, Precision
from app.domain.money import euros
from app.domain.products import Product
from app.domain.rule_differences import Difference, leaves
from app.parameters.codes import label
from app.parameters.communes import communes
from app.parameters.rule_labels import rule_label, value_label

Language = Literal["fr", "en"]

# Signs that no line of French begins with.
COLON, SEMICOLON = "\u00a0: ", "\u00a0; "

_WORDS = {
    "fr": {True: "oui", False: "non", None: "–", "months": "mois", "years": "ans", "colon": COLON},
    "en": {True: "yes", False: "no", None: "–", "months": "months", "years": "years", "colon": ": "},
}
_LISTS = {"purposes": "purposes", "purposes_excluded": "purposes", "documents": "papers", "reasons": "exceptions"}
_DIGITS_MAX = 40
# What is not a rule of its own, or is told apart; lists of rules.
_UNTOLD = ("code", "name", "sources", "not_stated", "inferred")
_ABOUT = ("not_stated", "inferred")


def product_words(product: Product, language: Language = "fr") -> Iterator[str]:
    """What a product says, rule by rule, and what it leaves open."""
    colon = _WORDS[language]["colon"]
    for path, value in leaves(product):
        steps = path.split(".")
        if value in (None, ()) or steps[0] in _UNTOLD or steps[-1] == "code":
            continue
        yield f"{rule_label(path, language)}{colon}{told(path, value, language)}"
    if product.not_stated:
        names = ", ".join(rule_label(path, language) for path in product.not_stated)
        yield f"{rule_label('not_stated', language)}{colon}{names}"


def difference_words(difference: Difference, language: Language = "fr") -> str:
    """A difference in a line: « Prêt maximal : 3 000 € → 2 000 € »; of a list of rules, what joins and leaves it."""
    name = rule_label(difference.rule, language) if difference.rule else difference.code
    colon = _WORDS[language]["colon"]
    before, after = difference.before, difference.after
    if difference.rule in _ABOUT:
        signs = [("−", before, after), ("+", after, before)]
        moved = [(sign, rule) for sign, ours, theirs in signs for rule in ours if rule not in theirs]
        return f"{name}{colon}{', '.join(f'{sign} {rule_label(rule, language)}' for sign, rule in moved)}"
    return f"{name}{colon}{told(difference.rule, before, language)} → {told(difference.rule, after, language)}"


def date_words(day: date, precision: Precision | None) -> str:
    """A date as exactly as its source gives it: « le 13/10/2011 », « mars 2009 », « le 4e trimestre 2009 »."""
    match precision:
        case Precision.MONTH:
            return f"{MONTHS[day.month - 1]} {day.year}"
        case Precision.QUARTER:
            quarter = (day.month + 2) // 3
            return f"le {quarter}{'er' if quarter == 1 else 'e'} trimestre {day.year}"
        case Precision.YEAR:
            return str(day.year)
        case _:
            return f"le {day:%d/%m/%Y}"


def told(rule: str, value: Any, language: Language = "fr") -> str:
    """The value of a rule as people say it, in the unit of the rule's name."""
    words = _WORDS[language]
    steps = [step for step in rule.split(".") if not step.isdecimal()]
    name = steps[-1] if steps else ""
    if value is None or isinstance(value, bool):
        return words[value]
    if is_dataclass(value):
        return str(getattr(value, "name", ""))
    if isinstance(value, tuple):
        return ", ".join(told(rule, item, language) for item in value) or value_label("none", language)
    if isinstance(value, Enum):
        return value_label(str(value.value), language)
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}" if language == "fr" else value.isoformat()
    if isinstance(value, str):
        return _text(name, value, language)
    return _figure(name, value, language)


def _figure(name: str, value: int | Decimal, language: Language) -> str:
    words = _WORDS[language]
    if "cents" in name and isinstance(value, int):
        return euros(value).replace(",00", "") if language == "fr" else f"€{value / 100:,.2f}".removesuffix(".00")
    told_plainly = f"{value:f}" if isinstance(value, Decimal) and _is_short(value) else str(value)
    figure = told_plainly.replace(".", ",") if language == "fr" else told_plainly
    if "percent" in name:
        return f"{figure} %"
    if "months" in name:
        return f"{figure} {words['months']}"
    return f"{figure} {words['years']}" if "age" in name.split("_") else figure


def _is_short(value: Decimal) -> bool:
    """Whether the figure has no more digits than a line; rules that are not loaded yet may say 1E-999999999."""
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and abs(exponent) < _DIGITS_MAX


def _text(name: str, value: str, language: Language) -> str:
    if name in _LISTS:
        return _labelled(_LISTS[name], value, language)
    if name == "residence_communes":
        return f"{communes().get(value, ('?',))[0]} ({value})"
    return value


def _labelled(section: str, code: str, language: Language) -> str:
    try:
        return label(section, code, language)
    except KeyError:
        return code
