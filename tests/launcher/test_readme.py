"""The README's blocks do what they say: executed as written, on another port and folder."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.launcher.processes import CHECKOUT, line_of, started

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```bash\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
SHELL = "\n".join(re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL))
COMMANDS = re.findall(r"^\./run ([\w-]+)", SHELL, re.MULTILINE)


@pytest.fixture(autouse=True)
def _no_given_database(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "TOKEN_SECRET", "ENCRYPTION_KEYS"):
        monkeypatch.delenv(name, raising=False)


def test_the_files_by_hand_go_from_the_demand_to_the_repayment_and_the_call_to_the_request(tmp_path: Path) -> None:
    with started("-m", "app.cli", "dev", "--port", "0", "--data", str(tmp_path / "dev")) as service:
        address = line_of(service, "Service").split()[1]
        script = "\n".join(BLOCKS)
        script = script.replace("http://127.0.0.1:8000", address).replace("var/dev", str(tmp_path / "dev"))
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 0, done.stderr + done.stdout[-2000:]
    answers = _json_values(done.stdout)
    (refusal,) = [answer for answer in answers if answer.get("code") == "rules_breached"]
    refused = {breach["rule"] for breach in refusal["breaches"] if breach["severity"] == "refuse"}
    assert refused == {"amount_cents_max", "duration_months_max"}
    own, lent = [answer for answer in answers if answer.get("as_of") == "2026-03-31"]
    assert (own["status"], own["outstanding_cents"]) == ("running", 76_000)
    (schedule,) = [answer for answer in answers if "rows" in answer]
    assert [row["total_cents"] for row in schedule["rows"]] == [4_000] * 20
    (meeting,) = [answer for answer in answers if answer.get("kind") == "desk"]
    assert meeting["status"] == "planned"
    (simulated,) = [answer for answer in answers if "instalments" in answer]
    first = simulated["instalments"][0]
    assert (first["total_cents"], first["borrower_cents"], first["third_parties"][0]["cents"]) == (8_730, 7_970, 760)
    assert (lent["status"], lent["outstanding_cents"], lent["lender"]["gap_cents"]) == ("running", 40_103, 0)


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - {"test", "bench", "lint"}))
def test_the_commands_it_names_exist(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", command, "--help"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_two_commands_are_the_first_thing_it_tells_to_run() -> None:
    assert COMMANDS[:2] == ["dev", "test"]


def _json_values(text: str) -> list[dict[str, Any]]:
    """The JSON values of a text in which they follow one another."""
    values, decoder, position = [], json.JSONDecoder(), 0
    while (position := text.find("{", position)) >= 0:
        value, position = decoder.raw_decode(text, position)
        values.append(value)
    return values
