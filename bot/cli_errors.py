"""How commands fail: one line that says what to do, on the error stream, and exit code 1."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import typer

from bot.settings import SettingsError


def fail(line: str, code: int = 1) -> typer.Exit:
    """Prints one line and gives the exit to raise."""
    typer.echo(line, err=True)
    return typer.Exit(code)


def one_line_errors(command: Callable[..., None]) -> Callable[..., None]:
    """Our own errors become one line and exit code 1; anything else keeps its traceback."""

    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        from pydantic import ValidationError
        from sqlalchemy.exc import SQLAlchemyError

        from bot.programme import ProgrammeError
        from bot.store.db import SchemaError
        from bot.store.seal import SealError

        try:
            command(*args, **kwargs)
        except (SettingsError, SchemaError, ProgrammeError, SealError) as error:
            raise fail(str(error)) from None
        except ValidationError as error:
            first = error.errors()[0]
            raise fail(f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}; see .env.example.") from None
        except SQLAlchemyError as error:
            line = f"The database does not answer as it should ({type(error).__name__}): check HEARTH_DATABASE_URL, run `hearth migrate`."
            raise fail(line) from None

    return wrapped
