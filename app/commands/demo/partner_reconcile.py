"""The figures that each file must give, written down in its data, beside those of the API, one line each."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from app.commands.demo.partner_files import Expected, ExpectedLoan, ExpectedRow, PartnerFile
from app.commands.demo.partner_readings import FileReading, LoanFacts
from app.commands.demo.reconcile import Line, Unit
from app.domain.ficp import Standing
from app.domain.request_lifecycle import RequestStatus
from app.parameters.codes import label
from app.schemas.loans import ScheduleRowRead

# What people are told of a lender's check, never the file that it looks at.
STANDINGS = {
    Standing.FAVOURABLE: "favorable",
    Standing.UNFAVOURABLE: "défavorable",
    Standing.PENDING: "en attente",
    Standing.TO_RENEW: "à renouveler",
}


def reconcile_files(files: Sequence[PartnerFile], readings: Sequence[FileReading]) -> tuple[Line, ...]:
    """Compares all that the data expect with what the API answers; a file that is missing agrees with nothing."""
    by_name = {reading.name: reading for reading in readings}
    lines = [Line("Dossiers dans la base", len(files), len(readings))]
    for file in files:
        lines += _of_file(file, by_name.get(file.id))
    return tuple(lines)


def percent(value: Decimal | None, *, decimals: int = 0) -> str | None:
    """The share or the rate as the French write it, with so many decimals at least."""
    if value is None:
        return None
    exponent = value.normalize().as_tuple().exponent
    digits = max(decimals, -exponent if isinstance(exponent, int) else 0)
    return f"{value:.{digits}f}".replace(".", ",") + "\u00a0%"


def _of_file(file: PartnerFile, reading: FileReading | None) -> Iterator[Line]:
    yield from _course(file.id, file.expected, reading)
    if file.expected.loan is None:
        return
    lent = reading.lent if reading else None
    rate = file.terms.rate_percent if file.terms else None
    assumed = file.terms is not None and file.terms.assumed
    found_rate = lent.loan.rate_percent if lent else None
    yield Line(f"{file.id} taux", percent(rate, decimals=2), percent(found_rate, decimals=2), assumed=assumed)
    yield from _schedule(file.id, file.expected.loan, lent)
    yield from _balances(file.id, file.expected.loan, lent)


def _course(name: str, expected: Expected, reading: FileReading | None) -> Iterator[Line]:
    """What became of the file."""
    if expected.precheck is not None:
        found = reading.standing("precheck") if reading else None
        told = STANDINGS[found.standing] if found else None
        yield Line(f"{name} préalable bancaire", STANDINGS[expected.precheck], told, assumed=True)
    if expected.closed:
        closed = reading is not None and reading.request.status is RequestStatus.CLOSED_WITHOUT_ACTION
        without_loan = closed and reading is not None and reading.lent is None
        yield Line(f"{name} issue", "sans prêt", "sans prêt" if without_loan else None, assumed=True)
    if expected.other_answer is not None:
        answer = reading.request.other_answer if reading else None
        given = _answer(answer.kind) if answer else None
        yield Line(f"{name} autre réponse", _answer(expected.other_answer), given, assumed=True)
    if expected.guarantee_percent is not None:
        lender = reading.lent.loan.lender if reading and reading.lent else None
        shares = [percent(each.share_percent) for each in (lender and lender.guarantees) or []]
        yield Line(f"{name} garantie", percent(expected.guarantee_percent), shares[0] if shares else None)
    if expected.commune is not None:
        commune = reading.ccas.commune(reading.request.commune_insee_code) if reading else None
        yield Line(f"{name} commune", expected.commune, commune, assumed=True)
    if expected.agent_communes is not None:
        served = len(reading.ccas.agent_communes) if reading else None
        yield Line(f"{name} communes de l'agent", expected.agent_communes, served)
    if expected.not_stated is not None:
        refusal = reading.refusal if reading else None
        told = f"{refusal.status} {refusal.code}" if refusal and refusal.path == expected.not_stated else None
        yield Line(f"{name} calcul sans {expected.not_stated}", "409 rule_not_stated", told)


def _answer(kind: str) -> str:
    return label("other_answers", kind, "fr")


def _schedule(name: str, expected: ExpectedLoan, lent: LoanFacts | None) -> Iterator[Line]:
    assumed, rows = expected.assumed, lent.schedule.rows if lent else []
    totals = lent.schedule.totals if lent else None
    for title, row, found in (
        ("première échéance", expected.first, rows[0] if rows else None),
        ("dernière échéance", expected.last, rows[-1] if rows else None),
    ):
        yield from _row(f"{name} {title}", row, found, assumed=assumed)
    for title, cents, found_cents in (
        ("intérêts en tout", expected.interest_cents, totals.interest_cents if totals else None),
        (
            "payé en tout par l'emprunteur",
            expected.paid_by_borrower_cents,
            totals.paid_by_borrower_cents if totals else None,
        ),
        (
            "intérêts payés par un tiers",
            expected.interest_subsidy_cents,
            totals.interest_subsidy_cents if totals else None,
        ),
    ):
        yield Line(f"{name} {title}", cents, found_cents, Unit.CENTS, assumed=assumed)
    differences = lent.schedule.differences if lent else None
    found_differences = None if differences is None else len(differences)
    yield Line(f"{name} lignes du prêteur autres que notre calcul", 0, found_differences)


def _row(title: str, expected: ExpectedRow, found: ScheduleRowRead | None, *, assumed: bool) -> Iterator[Line]:
    others = sum(share.cents for share in found.third_parties) if found else None
    figures = [
        (title, expected.total_cents, found.total_cents if found else None),
        (f"{title}, dont intérêts", expected.interest_cents, found.interest_cents if found else None),
    ]
    if expected.borrower_cents != expected.total_cents or expected.third_parties_cents or others:
        figures += [
            (f"{title}, part emprunteur", expected.borrower_cents, found.borrower_cents if found else None),
            (f"{title}, part du tiers", expected.third_parties_cents, others),
        ]
    for name, cents, found_cents in figures:
        yield Line(name, cents, found_cents, Unit.CENTS, assumed=assumed)


def _balances(name: str, expected: ExpectedLoan, lent: LoanFacts | None) -> Iterator[Line]:
    """On the last position date of the lender, which is assumed; what is owed then follows from the schedule."""
    loan = lent.loan if lent else None
    on = {"assumed": expected.assumed}
    yield Line(f"{name} solde", expected.outstanding_cents, loan.outstanding_cents if loan else None, Unit.CENTS, **on)
    yield Line(f"{name} retard", expected.overdue_cents, loan.overdue_cents if loan else None, Unit.CENTS, **on)
    gap = loan.lender.gap_cents if loan and loan.lender else None
    yield Line(f"{name} écart avec le relevé du prêteur", 0, gap, Unit.CENTS)
