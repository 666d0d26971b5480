"""The commands as staff type them, in a process's own settings: what is printed, the exit code, and the audit line."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from click.testing import Result
from sqlalchemy import select, text
from typer.testing import CliRunner

from bot.cli_cases import audit_app, cases_app, consent_app, enrol
from bot.consent.codes import normal
from bot.consent.ledger import Ledger
from bot.store.db import connect, migrate
from bot.store.tables import audit, link_code
from tests.cases.test_importer import SAMPLE
from tests.conftest import Clock

Run = Callable[..., Result]


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'hearth.db'}"


@pytest.fixture
def run(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `hearth ...` against an installation of its own."""
    app = typer.Typer()
    for name, part in (("cases", cases_app), ("consent", consent_app), ("audit", audit_app)):
        app.add_typer(part, name=name)
    app.command()(enrol)
    monkeypatch.chdir(tmp_path)
    for name, value in (
        ("DATABASE_URL", database),
        ("KEYSTORE_URL", f"sqlite:///{tmp_path / 'keys.db'}"),
        ("SECRET_KEYS", "k" * 40),
    ):
        monkeypatch.setenv(f"HEARTH_{name}", value)
    migrate(connect(database))
    return lambda *words, **more: CliRunner().invoke(app, list(words), **more)


def test_the_sample_is_imported_shown_held_and_enrolled(run: Run, database: str) -> None:
    done = run("cases", "import", str(SAMPLE))
    assert (done.exit_code, done.stdout) == (0, "15 rows are in.\n")
    shown = run("cases", "show", "DEMO-1001").stdout
    for words in (
        "caseworker dana\topen",
        "P-2\tBruno Sample\tderivative\ttravel_booked since 2026-11-12\tminor",
        "guardian of P-2",
    ):
        assert words in shown
    assert "medical\t2027-01-12 09:30 America/Mexico_City" in shown
    assert run("cases", "hold", "DEMO-1001").exit_code == 0
    assert "ON SAFETY HOLD" in run("cases", "show", "DEMO-1001").stdout
    assert run("cases", "hold", "DEMO-1001", "--lift").exit_code == 0
    assert "ON SAFETY HOLD" not in run("cases", "show", "DEMO-1001").stdout
    assert run("cases", "refresh").stdout == "All cases are up to date.\n"

    code = run("enrol", "DEMO-1001", "P-1").stdout.strip()
    assert re.fullmatch(r"[2-9A-Z]{4}-[2-9A-Z]{4}", code)
    assert normal(code)
    with connect(database).connect() as connection:
        assert connection.scalar(select(link_code.c.issued_by)).startswith("cli")
        looked = connection.execute(select(audit.c.actor).where(audit.c.action == "case_shown")).scalars().all()
    assert len(looked) == 9
    assert all(actor.startswith("cli") for actor in looked)
    assert run("audit", "verify").stdout == "The audit log holds.\n"


def test_what_staff_get_wrong_is_one_line_on_the_error_side_and_exit_code_1(run: Run, tmp_path: Path) -> None:
    run("cases", "import", str(SAMPLE))
    for words in (
        ("cases", "import", str(tmp_path / "none.csv")),
        ("cases", "show", "DEMO-9"),
        ("cases", "hold", "DEMO-9"),
        ("enrol", "DEMO-9", "P-1"),
        ("enrol", "DEMO-1001", "P-4"),
        ("consent", "show", "P-99"),
    ):
        failed = run(*words)
        assert (failed.exit_code, failed.stdout, failed.stderr.count("\n")) == (1, "", 1), (words, failed.output)
        assert "Traceback" not in failed.stderr


def test_bad_rows_are_listed_by_line_and_partial_says_what_went_in(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "cases.csv"
    file.write_text("record,case_number,safety_hold\ncase,C-1,no\ncase,C-2,maybe\n", "utf-8")
    failed = run("cases", "import", str(file))
    assert (failed.exit_code, failed.stdout) == (1, "")
    assert failed.stderr.splitlines() == [
        "line 3: safety_hold must be yes, no or empty.",
        "Nothing is in: 1 things are wrong. Mend them, or take the good rows with --partial.",
    ]
    failed = run("cases", "import", str(file), "--partial")
    assert failed.exit_code == 1
    assert "1 rows are in" in failed.stderr
    assert run("cases", "show", "C-1").exit_code == 0
    assert run("cases", "show", "C-2").exit_code == 1


def test_consents_are_shown_with_who_gave_them(run: Run, database: str, clock: Clock) -> None:
    run("cases", "import", str(SAMPLE))
    assert run("consent", "show", "P-2").stdout == "Nothing was agreed to.\n"
    engine = connect(database)
    with engine.begin() as connection:
        from bot.store.tables import person

        ids = connection.execute(select(person.c.id).order_by(person.c.created_at, person.c.id)).scalars().all()
        for each in ids:
            Ledger(engine).give(connection, each, ids[0], "case_status", "telegram", "2026-11", True, clock.now)
    shown = run("consent", "show", "P-2").stdout
    assert "case_status\ttelegram\tby " in shown
    assert "given 2026-11-21 12:00" in shown


def test_a_changed_audit_line_is_found(run: Run, database: str) -> None:
    run("cases", "import", str(SAMPLE))
    with connect(database).begin() as connection:
        connection.execute(text("UPDATE audit SET actor = 'nobody' WHERE number = 3"))
    failed = run("audit", "verify")
    assert failed.exit_code == 1
    assert "line 3: altered" in failed.stderr


def test_a_shortened_audit_is_found_until_somebody_accepts_it(run: Run, database: str) -> None:
    run("cases", "import", str(SAMPLE))
    with connect(database).begin() as connection:
        connection.execute(text("DELETE FROM audit WHERE number > 5"))
    assert "truncated" in run("audit", "verify").stderr
    assert run("audit", "accept", input="n\n").exit_code == 1
    assert run("audit", "verify").exit_code == 1
    assert run("audit", "accept", "--yes").exit_code == 0
    assert run("audit", "verify").exit_code == 0
