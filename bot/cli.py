"""The `hearth` command. Errors are one line that says what to do; exit codes 0 (done), 1 (failed), 2 (wrong use)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from bot import cli_cases, cli_keeping
from bot.cli_errors import fail, one_line_errors
from bot.settings import ROOT, Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Hearth: a multilingual assistant for families.",
)
staff_app = typer.Typer(no_args_is_help=True, help="Who may sign in to the console.")
locales_app = typer.Typer(no_args_is_help=True, help="Texts and translations.")
nlu_app = typer.Typer(no_args_is_help=True, help="Understanding.")
webhooks_app = typer.Typer(no_args_is_help=True, help="The providers' settings.")
app.add_typer(staff_app, name="staff")
app.add_typer(locales_app, name="locales")
app.add_typer(nlu_app, name="nlu")
app.add_typer(webhooks_app, name="webhooks")
app.add_typer(cli_cases.cases_app, name="cases")
app.add_typer(cli_cases.consent_app, name="consent")
app.add_typer(cli_cases.audit_app, name="audit")
app.add_typer(cli_keeping.retention_app, name="retention")
app.add_typer(cli_keeping.keys_app, name="keys")
app.command()(cli_cases.enrol)

RASA_PYTHON = ROOT / ".venv-rasa" / "bin" / "python"


def in_rasa(*arguments: str) -> None:
    """Runs a module in Rasa's environment; says what to do when it is missing."""
    if not RASA_PYTHON.exists():
        raise fail("Rasa's environment is missing: run `make setup` first.")
    done = subprocess.run([str(RASA_PYTHON), "-m", *arguments], cwd=ROOT, check=False)
    if done.returncode:
        raise typer.Exit(1)


@app.command()
@one_line_errors
def demo(port: int = 8080) -> None:
    """Everything on this machine, with phones to try it: the page's address is printed at the end."""
    from bot.demo.run import run

    run(port)


@app.command()
@one_line_errors
def serve(host: str = "127.0.0.1", port: int = 8000, workers: bool = True) -> None:
    """The gateway: webhooks, console, health, metrics; with workers unless --no-workers."""
    import uvicorn

    from bot.gateway.app import application
    from bot.gateway.services import build
    from bot.log import configure

    configure()
    services = build(Settings())
    uvicorn.run(
        application(services, workers),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=500,
        timeout_keep_alive=20,
        timeout_graceful_shutdown=10,
    )


@app.command()
@one_line_errors
def worker() -> None:
    """Workers and senders without the webhooks, for a machine of their own."""
    import asyncio
    import signal

    from bot.gateway.app import working
    from bot.gateway.intake import Intake
    from bot.gateway.services import build
    from bot.log import configure

    configure()
    services = build(Settings())

    async def until_told() -> None:
        told = asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, told.set)
        async with working(services, Intake(services)):
            await told.wait()

    asyncio.run(until_told())


@app.command()
@one_line_errors
def migrate() -> None:
    """Brings the database to this release's schema."""
    from bot.store.db import connect
    from bot.store.db import migrate as upgrade

    upgrade(connect(Settings().database_url))
    typer.echo("The database is up to date.")


@app.command()
@one_line_errors
def train(force: bool = False) -> None:
    """Trains Rasa when its data changed since the last model (or always with --force)."""
    from bot.demo.training import train_if_changed

    raise typer.Exit(0 if train_if_changed(force) else 1)


@staff_app.command("add")
@one_line_errors
def staff_add(
    name: str, role: str = "caseworker", password: Annotated[str, typer.Option(prompt=True, hide_input=True)] = ""
) -> None:
    """Lets NAME sign in to the console; asks for the password (12 characters at least)."""
    from bot.console.people import StaffError, add
    from bot.gateway.services import utc_now
    from bot.store.db import connect

    try:
        add(connect(Settings().database_url), name, password, role, utc_now())
    except StaffError as error:
        raise fail(str(error)) from None
    typer.echo(f"{name} may sign in.")


@staff_app.command("list")
@one_line_errors
def staff_list() -> None:
    """Who may sign in."""
    from bot.console.people import everyone
    from bot.store.db import connect

    for name, role, active in everyone(connect(Settings().database_url)):
        typer.echo(f"{name}\t{role}\t{'active' if active else 'disabled'}")


@staff_app.command("disable")
@one_line_errors
def staff_disable(name: str) -> None:
    """Takes NAME's access away."""
    from bot.console.people import StaffError, disable
    from bot.gateway.services import utc_now
    from bot.store.db import connect

    try:
        disable(connect(Settings().database_url), name, utc_now())
    except StaffError as error:
        raise fail(str(error)) from None
    typer.echo(f"{name} can no longer sign in.")


@locales_app.command("check")
@one_line_errors
def locales_check() -> None:
    """Fails on a missing or stale translation, a lost placeholder, a changed button, a stale fact or a forbidden word."""
    from bot.i18n.check import problems

    found = problems(ROOT)
    for line in found:
        typer.echo(line)
    if found:
        raise fail(f"{len(found)} problems found.")
    typer.echo("All texts are complete in every language.")


@locales_app.command("update")
@one_line_errors
def locales_update() -> None:
    """Brings every catalogue up to domain.yml: new texts empty, changed texts fuzzy."""
    from bot.i18n.update import update_all

    for code, new in update_all(ROOT).items():
        typer.echo(f"{code}: {new} texts to translate")


@nlu_app.command("evaluate")
@one_line_errors
def nlu_evaluate(
    files: Annotated[list[Path], typer.Argument(help="Tab-separated: intent, text, tags")],
    json: Annotated[Path | None, typer.Option(help="Write the figures here too")] = None,
    png: Annotated[Path | None, typer.Option(help="Draw the confusions here")] = None,
) -> None:
    """How well messages are understood: top-1, top-3, macro-F1, safety, per intent and language, worst confusions."""
    for file in files:
        if not file.exists():
            raise fail(f"{file} does not exist.", 2)
    options = [*(["--json", str(json)] if json else []), *(["--png", str(png)] if png else [])]
    in_rasa("bot.brain.evaluate", *map(str, files), *options)


@webhooks_app.command("set")
@one_line_errors
def webhooks_set() -> None:
    """Tells Telegram where to send messages, and prints the addresses to enter at Twilio."""
    from bot.channels.setup import set_webhooks

    for line in set_webhooks(Settings()):
        typer.echo(line)


@app.command()
@one_line_errors
def doctor() -> None:
    """Looks for what is commonly wrong after an installation and says how to mend it."""
    from bot.doctor import findings

    found = findings(Settings())
    for line in found:
        typer.echo(line)
    if found:
        raise typer.Exit(1)
    typer.echo("Everything looks right.")


def main() -> None:
    """Entry of the `hearth` command."""
    sys.exit(app())


if __name__ == "__main__":
    main()
