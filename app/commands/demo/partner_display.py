"""The files handed over to a partner that lends, on a terminal, in French, in a hundred columns."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from textwrap import fill

from app.commands.demo.display import ASSUMED, WIDTH, figures, unbroken
from app.commands.demo.partner_files import PartnerFile
from app.commands.demo.partner_readings import CcasReading, FileReading, LoanFacts
from app.commands.demo.partner_reconcile import STANDINGS, percent
from app.commands.demo.reconcile import Line
from app.domain.ledger import EntryKind
from app.domain.money import euros
from app.parameters.codes import label
from app.schemas.loans import GuaranteeRead, ScheduleRowRead

NOT_STATED = "non indiqué"
_PAYERS = {"city": "la Ville"}
_PARTIES = {"borrower": "emprunteur", "co_borrower": "co-emprunteur", "ccas": "CCAS", "lender": "prêteur"}
_STATUSES = {"submitted": "devant le comité, sans décision encore"}
_NOTE = (
    f"{ASSUMED} supposé, comme plus haut. Les prêts de T01 et de A01 sont les plafonds que les sources impriment ; "
    "leurs lignes, établies hors de ce code, sont celles que le prêteur transmet. À Fresnes, aucune source ne donne le "
    "taux, les signataires ni qui paie les intérêts : l'offre les indique."
)


def partner_story(
    files: Sequence[PartnerFile], readings: Sequence[FileReading], lines: Sequence[Line]
) -> Iterator[str]:
    """The lines to print: each CCAS with its files, then their figures."""
    by_id = {file.id: file for file in files}
    yield "Les trois CCAS qui instruisent pour un prêteur partenaire : leurs dossiers, rejoués par l'API"
    for _, group in groupby(readings, key=lambda reading: reading.ccas.tenant.slug):
        of_ccas = list(group)
        yield ""
        yield from _ccas(of_ccas[0].ccas)
        for reading in of_ccas:
            yield from _file(by_id.get(reading.name), reading)
    yield ""
    yield fill(unbroken(_NOTE), WIDTH)
    yield ""
    yield from figures("Rapprochement des dossiers", "Attendu", lines, wide=22)


def _ccas(ccas: CcasReading) -> Iterator[str]:
    yield fill(ccas.tenant.name, WIDTH)
    yield f"prêteur : {ccas.lender}"
    if len(ccas.tenant.communes) > 1:
        served = ", ".join(ccas.commune(code) for code in ccas.agent_communes)
        yield fill(f"l'agent travaille pour : {served}", WIDTH)
    yield "─" * WIDTH


def _file(file: PartnerFile | None, reading: FileReading) -> Iterator[str]:
    request = reading.request
    asked = f"{euros(request.requested_amount_cents)}{ASSUMED} demandés le {_day(request.received_on)}"
    if file is not None and file.loan is not None and not file.loan.assumed:
        asked = asked.replace(ASSUMED, "", 1)
    yield f"{reading.name} {request.project_description}{ASSUMED}, {asked}"
    for name, text in _facts(file, reading):
        yield fill(unbroken(f"    {name:19}: {text}"), WIDTH, subsequent_indent=" " * 25)


def _facts(file: PartnerFile | None, reading: FileReading) -> Iterator[tuple[str, str]]:
    """Each fact of a file by its name, in the order of its course."""
    if len(reading.ccas.tenant.communes) > 1:
        yield "Commune", reading.ccas.commune(reading.request.commune_insee_code) + ASSUMED
    yield "Préalable bancaire", _precheck(reading)
    yield from _end(reading)
    if reading.refusal is not None:
        refusal = reading.refusal
        yield "Décision", _STATUSES.get(reading.request.status, reading.request.status.value)
        yield "Taux", f"{NOT_STATED} ; calculer avec lui : {refusal.status} {refusal.code} ({refusal.path})"
    if reading.decision is not None and reading.decision.loan is not None:
        star = ASSUMED if file is None or file.loan is None or file.loan.assumed else ""
        terms = reading.decision.loan
        amount = f"{euros(terms.amount_cents)}{star} sur {terms.duration_months} mois{star}"
        yield "Décision du CCAS", f"présenté au prêteur le {_day(reading.decision.decided_on)}, {amount}"
    yield from _answer(reading)
    if reading.lent is not None:
        yield from _loan(file, reading.lent)


def _precheck(reading: FileReading) -> str:
    told = reading.standing("precheck")
    if told is None:
        return f"{NOT_STATED} par la source ; le prêteur vérifie avant son accord"
    on = f", consulté le {_day(told.consulted_on)}" if told.consulted_on else ""
    return f"{STANDINGS[told.standing]}{ASSUMED}{on}"


def _end(reading: FileReading) -> Iterator[tuple[str, str]]:
    answer = reading.request.other_answer
    if answer is not None:
        yield "Issue", f"sans prêt{ASSUMED}. {label('reasons', reading.request.closing_reason_code or 'other', 'fr')}"
        yield "Autre réponse", f"{label('other_answers', answer.kind, 'fr')}{ASSUMED}, le {_day(answer.given_on)}"


def _answer(reading: FileReading) -> Iterator[tuple[str, str]]:
    for handoff in reading.handoffs:
        check = reading.standing("grant_decision")
        if handoff.kind == "loan_file" and handoff.status == "accepted" and handoff.answered_on and check:
            checked = f"vérification favorable{ASSUMED} du {_day(check.consulted_on)}" if check.consulted_on else ""
            yield "Réponse du prêteur", f"accord{ASSUMED} le {_day(handoff.answered_on)}, {checked}"


def _loan(file: PartnerFile | None, lent: LoanFacts) -> Iterator[tuple[str, str]]:
    loan, totals = lent.loan, lent.schedule.totals
    supposed = file is None or file.terms is None or file.terms.assumed
    star = ASSUMED if supposed else ""
    rate = percent(loan.rate_percent, decimals=2)
    number = loan.lender.offer_number if loan.lender else ""
    amount = f"{euros(loan.principal_cents)}{star} sur {loan.duration_months} mois{star} à {rate}{star}"
    yield "Offre du prêteur", f"n° {number}{ASSUMED} du {_day(loan.offered_on)}, {amount}"
    payers = " et ".join(_PAYERS.get(payer, payer) for payer in lent.payers) or "l'emprunteur"
    returned = f"rembourse {euros(totals.paid_by_borrower_cents)}{star}"
    who = f"{payers}{star} ; l'emprunteur {returned}" if lent.payers else f"{payers}{star}, qui {returned}"
    yield "Intérêts", f"{euros(totals.interest_cents)}{star} en tout, payés par {who}"
    for row in (lent.schedule.rows[0], lent.schedule.rows[-1]):
        yield f"Échéance {row.number}", _row(row, star)
    yield "Garantie", _guarantees(loan.lender.guarantees if loan.lender else None)
    yield "Signatures", _signatures(file, lent)
    for paid_out in lent.of_kind(EntryKind.DISBURSEMENT):
        yield "Versement", f"{euros(paid_out.amount_cents)}{star} versés par le prêteur le {_day(paid_out.effect_on)}"
    yield from _position(lent, star)


def _row(row: ScheduleRowRead, star: str) -> str:
    shares = [f"{euros(share.cents)} ({_PAYERS.get(share.payer, share.payer)})" for share in row.third_parties]
    if not shares:
        return f"{euros(row.total_cents)}{star}, dont {euros(row.interest_cents)}{star} d'intérêts"
    return f"{euros(row.total_cents)} = {euros(row.borrower_cents)} (l'emprunteur) + {' + '.join(shares)}"


def _guarantees(guarantees: Sequence[GuaranteeRead] | None) -> str:
    """What covers the losses; what no source says is said to be so."""
    if guarantees is None:
        return NOT_STATED
    return " ; ".join(map(_guarantee, guarantees))


def _guarantee(guarantee: GuaranteeRead) -> str:
    parts = {
        "part": percent(guarantee.share_percent),
        "assiette": guarantee.base,
        "plafond": euros(guarantee.cap_cents) if guarantee.cap_cents is not None else None,
    }
    stated = "".join(f", {name} {value}" for name, value in parts.items() if value is not None)
    open_ = ", ".join(name for name, value in parts.items() if value is None)
    return guarantee.guarantor + stated + (f" ({NOT_STATED} : {open_})" if open_ else "")


def _signatures(file: PartnerFile | None, lent: LoanFacts) -> str:
    star = ASSUMED if file is None or file.terms is None or file.terms.signed_by else ""
    signatures = lent.loan.signatures
    names = ", ".join(_PARTIES[signature.party] for signature in signatures)
    days = sorted({signature.signed_on for signature in signatures})
    support = {each.support_contract_signed_on for each in signatures if each.support_contract_signed_on}
    together = ", et contrat d'accompagnement," if support == set(days) else ","
    return f"{names}{star}{together} le {' et le '.join(map(_day, days))}"


def _position(lent: LoanFacts, star: str) -> Iterator[tuple[str, str]]:
    """The lender's last statement, and what it says is not paid."""
    loan, lender = lent.loan, lent.loan.lender
    if lender is None or lender.position_on is None:
        yield "Relevé du prêteur", "aucun"
        return
    paid = f"{len(lent.of_kind(EntryKind.REPAYMENT))} échéances payées{ASSUMED} ({euros(loan.repaid_cents)}{star})"
    yield "Relevé du prêteur", f"au {_day(lender.position_on)}, {paid}, solde {euros(loan.outstanding_cents)}{star}"
    if lender.unpaid_instalments:
        numbers = ", ".join(map(str, lender.unpaid_instalments))
        yield "Impayé", f"échéance {numbers}{ASSUMED}, retard {euros(loan.overdue_cents)}{star}"


def _day(on: date) -> str:
    """No source dates anything of a file."""
    return f"{on:%d/%m/%Y}{ASSUMED}"
