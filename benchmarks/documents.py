"""What a paper costs: each template, made again and again of differing data, in processor time and shares of 100 ms."""

from statistics import median
from time import process_time

from app.documents import compile_pdf
from tests.documents.samples import PAPERS

_ROUNDS = 20
_ALLOWED_MS = 100


def report() -> str:
    """The first time and the middle of those that follow, for each paper of the tests."""
    lines = [f"{'':32}{'first ms':>10}{'then ms':>10}{'of 100 ms':>11}"]
    for name, (template, data) in PAPERS.items():
        # Other data each time: the engine remembers what it has laid out.
        first, *others = (
            _ms(template, {**data, "reference": f"2026-{number:04}", "recipient": [f"Personne {number}"]})
            for number in range(_ROUNDS + 1)
        )
        usual = median(others)
        lines.append(f"{name:32}{first:>10.1f}{usual:>10.1f}{usual / _ALLOWED_MS:>11.0%}")
    return "\n".join(lines)


def _ms(template: str, data: dict[str, object]) -> float:
    began = process_time()
    compile_pdf(template, data)
    return (process_time() - began) * 1000
