"""The commands about keeping: `hearth retention ...` and `hearth keys ...`."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli_errors import fail, one_line_errors
from bot.settings import Settings

retention_app = typer.Typer(no_args_is_help=True, help="What is kept, and for how long.")
keys_app = typer.Typer(no_args_is_help=True, help="The keys that seal personal data.")


@retention_app.command("run")
@one_line_errors
def retention_run(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and change nothing")] = False,
    clock_is_right: Annotated[bool, typer.Option("--clock-is-right", help="Although nothing was written for a month")] = False,
) -> None:
    """Removes what is over its time and does the erasures that are due; run it every day."""
    from bot.consent.audit import remember_head
    from bot.consent.erasure import Erasures
    from bot.consent.memory import RasaMemory
    from bot.gateway.services import utc_now
    from bot.store.db import check_schema, connect
    from bot.store.periods import Periods
    from bot.store.retention import Retention, RetentionError
    from bot.store.seal import Sealer
    from bot.store.vault import Vault

    settings = Settings()
    engine, keystore = connect(settings.database_url), connect(settings.keystore_url)
    check_schema(engine)
    vault = Vault(keystore, Sealer(settings.keys))
    memory = RasaMemory(settings.rasa_url, settings.rasa_token.get_secret_value())
    retention = Retention(engine, vault, Erasures(engine, vault), memory, Periods.of(settings))
    try:
        counts = retention.run(utc_now(), dry_run, clock_is_right)
    except RetentionError as error:
        raise fail(str(error)) from None
    for name, count in counts.items():
        typer.echo(f"{name}: {count}")
    if not dry_run:
        remember_head(keystore, engine)
    if counts.get("erasures that wait"):
        raise fail("Some erasures wait: see that the gateway and Rasa run, then run this again.")


@retention_app.command("receipt")
@one_line_errors
def retention_receipt(receipt: str) -> None:
    """What became of an erasure, by the RECEIPT that the person was given."""
    from bot.consent.erasure import Erasures
    from bot.store.db import connect
    from bot.store.seal import Sealer
    from bot.store.vault import Vault

    settings = Settings()
    engine = connect(settings.database_url)
    found = Erasures(engine, Vault(connect(settings.keystore_url), Sealer(settings.keys))).find(receipt)
    if found is None:
        raise fail("There is no such receipt: read it letter by letter; old ones are removed after a year.")
    if found.done_at:
        typer.echo(f"Erased on {found.done_at:%Y-%m-%d}.")
    elif found.cancelled_at:
        typer.echo(f"Taken back on {found.cancelled_at:%Y-%m-%d}; nothing was erased.")
    else:
        typer.echo(f"Asked for on {found.asked_at:%Y-%m-%d}; it will be erased on {found.due_at:%Y-%m-%d}.")


@keys_app.command("rotate")
@one_line_errors
def keys_rotate() -> None:
    """Seals everything anew under the first of HEARTH_SECRET_KEYS; every process must have the new list already."""
    from bot.store.db import check_schema, connect
    from bot.store.rotation import Rotation
    from bot.store.seal import Sealer
    from bot.store.vault import Vault

    settings = Settings()
    engine = connect(settings.database_url)
    check_schema(engine)
    vault = Vault(connect(settings.keystore_url), Sealer(settings.keys))
    done = Rotation(engine, vault, settings.keys).run()
    typer.echo(f"Sealed anew: {done.values} values, {done.keys} keys of people and chats; found anew: {done.hashes}.")
    if done.unreadable:
        raise fail(f"{done.unreadable} values open with none of the keys: was one taken out of HEARTH_SECRET_KEYS too early?")
    typer.echo("The older keys may be taken out after 72 hours, when the codes made under them have ended.")
