"""How what is given differs from what was asked: a partial approval (accord partiel) is told so, never stored."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The amount asked of the scheme, and the terms that the assessment proposes; null where it proposes none."""

    amount_cents: int
    duration_months: int | None = None
    instalment_cents: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a decision gives; null terms are left to the lender, or there is no loan."""

    loan_cents: int
    grant_cents: int = 0
    duration_months: int | None = None
    instalment_cents: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """In what the aid given is another than the one asked."""

    amount: bool = False
    duration: bool = False
    instalment: bool = False

    def named(self) -> list[str]:
        """Those there are."""
        return [name for name, differs in asdict(self).items() if differs]


def differences(asked: Asked, given: Given) -> Differences:
    """What differs; terms that either side leaves open do not.

    A grant may be a part of what was asked, or come beside the whole of it.
    """
    return Differences(
        amount=not given.loan_cents <= asked.amount_cents <= given.loan_cents + given.grant_cents,
        duration=_differ(asked.duration_months, given.duration_months),
        instalment=_differ(asked.instalment_cents, given.instalment_cents),
    )


def _differ(asked: int | None, given: int | None) -> bool:
    return asked is not None and given is not None and asked != given
