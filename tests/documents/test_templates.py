"""What the templates say of their own: plain words, short sentences, never what banks know of a person."""

import re

import pytest

from app.documents.engine import TEMPLATES
from tests.documents.samples import NOTICES, PAPERS, said

FORBIDDEN = re.compile(r"ficp|fcc\b|fichier|fiché|fichage|incident|inscrit|inscription", re.IGNORECASE)
LETTERS = sorted(name for name in PAPERS if name.split()[0] in ("receipt", "papers_list", "decision_notice"))
WORDS_MAX = 20


def sentences(text: str) -> list[list[str]]:
    """The sentences of a text, in words."""
    return [words for part in re.split(r"[.!?:]\s", text) if (words := re.findall(r"[\w’'-]+", part))]


def own_prose(text: str) -> str:
    """What the letter says after its greeting and before its signature."""
    return text.partition("Exemple, ")[2].partition("Décision examinée par")[0]


@pytest.mark.parametrize("name", sorted(PAPERS))
def test_no_paper_of_the_ccas_names_a_register_of_incidents(name: str) -> None:
    assert FORBIDDEN.search(said(*PAPERS[name])) is None


def test_no_template_holds_such_a_word_whatever_its_data() -> None:
    named = [path for path in TEMPLATES.rglob("*.typ") if path.parent.name in {name.split()[0] for name in PAPERS}]
    assert [path for path in named if FORBIDDEN.search(path.read_text())] == []


@pytest.mark.parametrize("name", LETTERS)
def test_letters_speak_in_short_sentences_to_the_person(name: str) -> None:
    text = own_prose(said(*PAPERS[name]))
    lengths = [len(words) for words in sentences(text)]
    assert sum(lengths) / len(lengths) <= WORDS_MAX
    assert re.search(r"\b[Vv](ous|otre|os)\b", text)


@pytest.mark.parametrize("outcome", ["refuse", "decline"])
def test_a_refusal_tells_why_what_else_and_how_to_contest_it(outcome: str) -> None:
    text = said(*PAPERS[f"decision_notice {outcome}"])
    for words in (
        "Pas de capacité de remboursement. Vos charges dépassent vos ressources.",
        "Conseils budgétaires. À qui vous adresser : Point conseil budget, 03 81 00 00 00.",
        "recours gracieux",
        "tribunal administratif",
        "Vous avez 2 mois pour le faire. Ce délai commence le jour où vous recevez cette lettre.",
        "Claude Modèle Présidente",
    ):
        assert words in text


@pytest.mark.parametrize("outcome", ["endorse", "adjourn", "lender_refused", "provisional"])
def test_what_refuses_nothing_tells_no_way_to_contest_it(outcome: str) -> None:
    assert "tribunal" not in said(*PAPERS[f"decision_notice {outcome}"])


def test_a_provisional_decision_is_subject_to_ratification_and_no_other_is() -> None:
    told = [name for name in NOTICES if "sous réserve de ratification" in said(*PAPERS[f"decision_notice {name}"])]
    assert told == ["provisional"]


def test_an_adjournment_tells_what_is_missing_and_the_next_date() -> None:
    text = said(*PAPERS["decision_notice adjourn"])
    assert "Elle sera examinée de nouveau le 12 avril 2026." in text
    assert "Ce qui nous manque – Devis ou facture" in text


def test_the_lender_answers_for_its_own_refusal_and_the_banque_de_france_for_what_it_knows() -> None:
    text = said(*PAPERS["decision_notice lender_refused"])
    assert "Le prêteur vous répond directement." in text
    assert "droit d’accès" in text
    assert "Banque de France" in text
    assert "Pourquoi" not in text


def test_a_notice_is_one_page() -> None:
    for name in NOTICES:
        assert "page 1/1" in said(*PAPERS[f"decision_notice {name}"])


def test_an_agenda_names_the_files_and_no_one() -> None:
    text = said(*PAPERS["agenda"])
    for told in (
        "Commission Commission permanente Séance du 1er mars 2011 Convocation du 15 février 2011",
        "1 2011-0001 Scooter 2 100,00 €",
        "5 2011-0005 Décision à ratifier",
        "6 2011-0006 Prêt en cours : report d’échéances Scooter –",
        "Prêts 50 000,00 €",
    ):
        assert told in text


def test_minutes_tell_who_sat_what_was_decided_and_what_is_left() -> None:
    text = said(*PAPERS["minutes"])
    for told in (
        "Présidence Claude Modèle",
        "Alex Essai voix consultative –",
        "Membres à voix délibérative : 2 en fonction, 2 présents. Quorum : 2.",
        "1 2011-0001 Scooter 2 100,00 € Prêt accordé 2 000,00 € sur 24 mois, 85,00 € par mois, aide de 300,00 €",
        "Déport : Alex Essai Vote : 1 pour, 1 contre, 0 abstention Claude Modèle (pour), Sacha Type (contre)",
        "2 2011-0002 Scooter 2 100,00 € Refus Motif : Pas de capacité de remboursement",
        "Ajournement Motif : Manque de justificatif (justificatifs non fournis)",
        "Manque : Devis ou facture Réexamen le 5 avril 2011",
        "4 2011-0004 Scooter 2 100,00 € Aide accordée, sans prêt Aide de 184,00 € Sous condition : Bail signé",
        "5 2011-0005 Décision à ratifier Scooter 2 100,00 € Décision ratifiée 2 000,00 €",
        "Accord pour 2 mois Motif : Un emploi perdu.",
        "Retiré de l’ordre du jour Motif : Le devis a changé.",
        "Prêts 50 000,00 € 48 000,00 €",
    ):
        assert told in text
