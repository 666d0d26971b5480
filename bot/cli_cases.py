"""`hearth cases`, `enrol`, `consent` and `audit`: what staff do on the command line. Each read and change is in the audit log."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli_errors import fail, one_line_errors
from bot.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from bot.cases.files import Cases
    from bot.cases.view import PartView
    from bot.store.seal import Sealer

cases_app = typer.Typer(no_args_is_help=True, help="Cases: bringing them in, looking at one, safety hold.")
consent_app = typer.Typer(no_args_is_help=True, help="What people agreed to.")
audit_app = typer.Typer(no_args_is_help=True, help="The log of everything read and changed.")
TIME = "%Y-%m-%d %H:%M"


@dataclass(frozen=True)
class Office:
    """The parts these commands work with."""

    settings: Settings
    engine: Engine
    keystore: Engine
    sealer: Sealer
    cases: Cases
    by: str


def staff_errors(command: Callable[..., None]) -> Callable[..., None]:
    """As bot.cli.one_line_errors, and what staff got wrong about cases, codes and sources."""

    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        from bot.cases.facts import CaseError
        from bot.cases.sources import SourceError
        from bot.consent.codes import CodeError

        try:
            one_line_errors(command)(*args, **kwargs)
        except (CaseError, CodeError, SourceError) as error:
            raise fail(str(error)) from None

    return wrapped


@contextmanager
def office() -> Iterator[Office]:
    """Everything from the settings; afterwards the audit's last line is noted in the keystore."""
    from bot.cases.files import Cases
    from bot.consent import audit
    from bot.store.db import check_schema, connect
    from bot.store.seal import Sealer
    from bot.store.vault import Vault

    settings = Settings()
    settings.check_cases()
    engine, keystore, sealer = connect(settings.database_url), connect(settings.keystore_url), Sealer(settings.keys)
    check_schema(engine)
    yield Office(settings, engine, keystore, sealer, Cases(engine, sealer, Vault(keystore, sealer)), _whoever())
    audit.remember_head(keystore, engine)


@cases_app.command("import")
@staff_errors
def cases_import(
    file: Annotated[Path, typer.Argument(help="CSV in UTF-8; docs/cases.md describes its columns")],
    partial: Annotated[bool, typer.Option("--partial", help="Take the good rows, report the bad ones")] = False,
) -> None:
    """Brings cases, people, appointments and flights in: all of the file, or nothing."""
    from bot.cases.importer import import_csv
    from bot.gateway.services import utc_now

    with office() as here:
        report = import_csv(file, here.cases, partial, here.by, utc_now())
    for problem in report.errors:
        typer.echo(f"line {problem.line}: {problem.text}", err=True)
    if not report.errors:
        typer.echo(f"{report.rows} rows are in.")
    elif partial:
        raise fail(f"{report.rows} rows are in; {len(report.errors)} things are wrong in the others.")
    else:
        raise fail(f"Nothing is in: {len(report.errors)} things are wrong. Mend them, or take the good rows with --partial.")


@cases_app.command("show")
@staff_errors
def cases_show(number: str) -> None:
    """The case NUMBER as we know it. This is noted in the audit log, and the people concerned may see it there."""
    from bot.gateway.services import utc_now

    with office() as here:
        seen = here.cases.show(number, here.by, utc_now())
    marks = [mark for mark, on in (("ON SAFETY HOLD", seen.hold), ("closed", seen.closed)) if on]
    typer.echo(f"case {seen.number}\tcaseworker {seen.caseworker or '-'}\t{', '.join(marks) or 'open'}")
    references = {part.person.id: part.person.reference for part in seen.people}
    for part in seen.people:
        for line in _lines(part, references):
            typer.echo(line)


@cases_app.command("hold")
@staff_errors
def cases_hold(number: str, lift: Annotated[bool, typer.Option("--lift", help="Take the hold away")] = False) -> None:
    """Puts the case NUMBER on safety hold: at once nothing about it is shown to anybody."""
    from bot.gateway.services import utc_now

    with office() as here, here.cases.changing(here.by, utc_now()) as change:
        change.hold(change.case_id(number), not lift)
    typer.echo("The hold is lifted." if lift else "The case is on safety hold.")


@cases_app.command("refresh")
@staff_errors
def cases_refresh(
    number: Annotated[str | None, typer.Argument(help="One case, also a new one; without it all open ones")] = None,
) -> None:
    """Brings the newest facts from the source of cases, and notes who has come of age. Run it every hour by cron."""
    from bot.cases.sources import SourceError, source
    from bot.gateway.services import utc_now

    failed = 0
    with office() as here:
        where = source(here.settings, here.cases, utc_now)
        for each in [number] if number else here.cases.open_numbers():
            try:
                where.refresh(each)
            except SourceError as error:
                typer.echo(f"case {each}: {error}", err=True)
                failed += 1
        with here.cases.changing(here.by, utc_now()) as change:
            change.come_of_age()
    if failed:
        raise fail(f"{failed} cases could not be brought up to date; they stay as they were.")
    typer.echo("All cases are up to date.")


@staff_errors
def enrol(case: str, person: str) -> None:
    """Prints a one-time code for PERSON (their reference) of CASE (its number): read it out to them, nobody else."""
    from bot.consent.codes import CODE_LIFE, Codes
    from bot.gateway.services import utc_now

    with office() as here:
        now = utc_now()
        code = Codes(here.engine, here.sealer).issue(case, person, here.by, now)
    typer.echo(code)
    typer.echo(f"Good once, until {now + CODE_LIFE:{TIME}} UTC. Earlier unused codes of this person no longer work.", err=True)


@consent_app.command("show")
@staff_errors
def consent_show(person: str) -> None:
    """What PERSON (their reference) agreed to, newest first. This is noted in the audit log."""
    from bot.cases.facts import CaseError
    from bot.consent.ledger import Ledger
    from bot.gateway.services import utc_now

    now = utc_now()
    with office() as here:
        known = here.cases.person(person)
        if known is None or known.erased:
            raise CaseError("there is no person with this reference.")
        with here.cases.changing(here.by, now) as change:
            change.audit("consent_shown", known.id)
        consents = Ledger(here.engine).of(known.id)
    for each in consents:
        ended = f"withdrawn {each.withdrawn_at:{TIME}}" if each.withdrawn_at else f"until {each.expires_at:{TIME}}"
        giver = "self" if each.given_by == known.id else f"guardian, child assented: {'yes' if each.child_assented else 'no'}"
        state = "live" if each.live_at(now) else "ended"
        typer.echo(
            f"{state}\t{each.purpose}\t{each.channel}\tby {giver}\tgiven {each.given_at:{TIME}}\t{ended}\ttext {each.text_version}"
        )
    if not consents:
        typer.echo("Nothing was agreed to.")


@audit_app.command("verify")
@staff_errors
def audit_verify() -> None:
    """Looks for altered, removed and reordered lines of the audit log, a cut-off end, and a database rolled back."""
    from bot.consent.audit import verify

    with office() as here:
        found = verify(here.engine, here.keystore)
    for each in found:
        typer.echo(f"line {each.number}: {each.fault.value}", err=True)
    if found:
        raise fail(f"The audit log does not hold: {len(found)} breaks. Keep a copy of the database, and find out who had access.")
    typer.echo("The audit log holds.")


@audit_app.command("accept")
@staff_errors
def audit_accept(
    yes: Annotated[bool, typer.Option(prompt="Consents withdrawn since that backup are live again. Accept the log as it stands?")],
) -> None:
    """After a restored backup: takes the log as it stands for good, and notes who did."""
    from bot.consent.audit import accept_head
    from bot.gateway.services import utc_now

    if not yes:
        raise fail("Nothing was changed.")
    with office() as here:
        accept_head(here.keystore, here.engine, here.by, utc_now())
    typer.echo("Accepted.")


def _lines(part: PartView, references: dict[str, str]) -> Iterator[str]:
    who = part.person
    wards = ", ".join(references.get(ward) or "?" for ward in part.guards)
    marks = [f"guardian of {wards}"] if wards else []
    marks += [mark for mark, on in (("minor", who.minor), ("NO LONGER IN THE CASE", part.ended), ("erased", who.erased)) if on]
    step = f"{part.milestone} since {part.since}" if part.milestone else "no milestone"
    yield f"  {who.reference or '-'}\t{who.name or '-'}\t{part.role}\t{step}\t{', '.join(marks)}".rstrip()
    for each in part.appointments:
        yield f"    {each.kind}\t{each.at:{TIME}} {each.zone}\t{each.place or '-'}"
    for flight in part.flights:
        starts, ends = f"{flight.departs:{TIME}} {flight.from_zone}", f"{flight.arrives:{TIME}} {flight.to_zone}"
        yield f"    flight {flight.number}\t{flight.from_place} {starts}\t{flight.to_place} {ends}"


def _whoever() -> str:
    """Who works at this machine, for the audit log."""
    try:
        return f"cli:{getpass.getuser()}"[:80]
    except (KeyError, OSError):
        return "cli"
