"""What is decided of a loan that runs, and by whom."""

from enum import StrEnum


class LoanDecisionKind(StrEnum):
    """What was decided: report d'échéance, réaménagement, remboursement anticipé, soutien financier, contentieux,
    admission en non-valeur, remise gracieuse, créance éteinte, surendettement, part non versée, rétractation,
    annulation d'un changement d'échéancier; déchéance du terme et passage à perte, du prêteur.
    """

    DEFERRAL = "deferral"
    RESCHEDULE = "reschedule"
    EARLY_REPAYMENT = "early_repayment"
    SUPPORT = "support"
    LITIGATION = "litigation"
    WRITE_OFF = "write_off"
    REMISSION = "remission"
    DISCHARGE = "discharge"
    OVER_INDEBTEDNESS = "over_indebtedness"
    UNDRAWN = "undrawn"
    WITHDRAWAL = "withdrawal"
    CANCELLATION = "cancellation"
    ACCELERATION = "acceleration"
    LOSS = "loss"


class LoanAuthority(StrEnum):
    """Who decided: the commission, the board (conseil d'administration), its president, the lender, the public
    accountant, the over-indebtedness commission, a judge, or the borrower, whose right it is.
    """

    COMMISSION = "commission"
    BOARD = "board"
    PRESIDENT = "president"
    LENDER = "lender"
    ACCOUNTANT = "accountant"
    OVER_INDEBTEDNESS_COMMISSION = "over_indebtedness_commission"
    JUDGE = "judge"
    BORROWER = "borrower"
