"""What the law allows of a loan, whatever the rules of a CCAS: the national caps on its lender, and usury.

Nobody goes past these. Nothing here raises but an APR that no flows have.
"""

from datetime import date

from app.domain import loan_aprs, loan_terms
from app.domain.apr import Apr
from app.domain.breaches import Breach, Severity
from app.domain.loan_days import loan_days
from app.domain.loan_terms import AskedTerms
from app.domain.national_law import Law, NationalLaw
from app.domain.products import Product
from app.domain.usury import Usury, UsuryStatus, UsuryTable, usury

USURY_TEXT = "Code de la consommation, articles L314-6 et D314-15"
RULES = frozenset({"usury", "national_amount_cents_max", "national_duration_months_max"})


def breaches(
    product: Product, *, amount_cents: int, duration_months: int | None, on: date, law: NationalLaw
) -> list[Breach]:
    """The caps of the law on the lender of a settled product, on a day; a CCAS that lends its own funds is in no
    scope. Cents and months; a null duration is not tested.
    """
    found = []
    for scope in product.lender.scopes:
        for rule, name, actual in (
            ("national_amount_cents_max", Law.AMOUNT_CENTS_MAX, amount_cents),
            ("national_duration_months_max", Law.DURATION_MONTHS_MAX, duration_months),
        ):
            cap = law.at(name, scope=scope, on=on)
            if cap is not None and actual is not None and actual > int(cap.value):
                found.append(Breach(rule, int(cap.value), actual, Severity.REFUSE, cap.source))
    return found


def of_usury(tested: Usury, found: Apr) -> list[Breach]:
    """The breach of an APR above the threshold; a warning where the threshold of the day is not known."""
    if tested.status is UsuryStatus.USURIOUS:
        return [Breach("usury", str(tested.threshold_percent), str(found.percent), Severity.REFUSE, USURY_TEXT)]
    if tested.status is UsuryStatus.UNKNOWN_RATE:
        return [Breach("usury", None, str(found.percent), Severity.WARN, USURY_TEXT)]
    return []


def usury_of_terms(product: Product, asked: AskedTerms, *, on: date, table: UsuryTable) -> list[Breach]:
    """What usury says of a loan without a fee that is paid out on the day of its decision; nothing at 0 %.

    Raises RuleNotStated and ImpossibleSchedule as `loan_terms.complete` does, ImpossibleSchedule for no APR.
    """
    if not product.rate_percent:
        return []
    days = loan_days(on)
    terms, rows = loan_terms.planned(product, asked, first_due_on=days.first_due_on, anchor_day=days.anchor_day)
    found = loan_aprs.of_rows(rows, days, fee_cents=0)
    tested = usury(apr_percent=found.percent, amount_cents=terms.amount_cents, offered_on=on, table=table)
    return of_usury(tested, found)
