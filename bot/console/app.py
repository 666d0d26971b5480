"""The caseworkers' console: sign in and see who waits. Answering from here comes with the handoff."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import case, select
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.templating import Jinja2Templates

from bot.gateway.services import Services
from bot.store.db import reading
from bot.store.tables import staff, ticket

SESSION_S = 8 * 3600
SHOWN = 100
TRIES_AT_ONCE = 4
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self' 'unsafe-inline'; form-action 'self'; frame-ancestors 'self'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_NOBODY = PasswordHasher().hash("nobody has this password")


def console(services: Services) -> Starlette:
    """The application under /console."""
    templates = Jinja2Templates(Path(__file__).parent / "templates")
    hasher = PasswordHasher()
    checking, trying = ThreadPoolExecutor(1, "passwords"), list[str]()
    secure = services.settings.public_url.startswith("https://")

    def page(request: Request, template: str, status: int = 200, **values: Any) -> Response:
        return templates.TemplateResponse(request, template, values, status_code=status, headers=HEADERS)

    def known(name: str, password: str) -> bool:
        query = select(staff.c.password_hash).where(staff.c.name == name, staff.c.disabled_at.is_(None))
        with reading(services.engine).connect() as connection:
            stored = connection.scalar(query)
        try:
            # An unknown name costs the same time as a wrong password.
            return hasher.verify(stored or _NOBODY, password) and stored is not None
        except VerificationError:
            return False

    def active(name: str) -> bool:
        query = select(staff.c.id).where(staff.c.name == name, staff.c.disabled_at.is_(None))
        with reading(services.engine).connect() as connection:
            return connection.scalar(query) is not None

    def waiting() -> list[dict[str, Any]]:
        rank = case({"urgent": 0, "high": 1}, value=ticket.c.urgency, else_=2)
        query = select(ticket).where(ticket.c.state == "open").order_by(rank, ticket.c.id).limit(SHOWN)
        with reading(services.engine).connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    async def queue(request: Request) -> Response:
        name = request.session.get("staff")
        if not name or not await asyncio.to_thread(active, name):
            return RedirectResponse(f"{request.scope.get('root_path', '')}/sign-in", 303)
        return page(request, "queue.html", tickets=await asyncio.to_thread(waiting), name=request.session["staff"])

    async def sign_in(request: Request) -> Response:
        if request.method == "GET":
            return page(request, "sign-in.html", wrong=False)
        form = await request.form(max_fields=4)
        name, password = str(form.get("name", ""))[:80], str(form.get("password", ""))[:200]
        if len(trying) >= TRIES_AT_ONCE:
            return page(request, "sign-in.html", 429, wrong=True)
        trying.append(name)
        try:
            # Checking a password is slow on purpose: it has one thread of its own, so that it never holds up a message.
            right = await asyncio.get_running_loop().run_in_executor(checking, known, name, password)
        finally:
            trying.remove(name)
        if not right:
            return page(request, "sign-in.html", 401, wrong=True)
        request.session["staff"] = name
        return RedirectResponse(f"{request.scope.get('root_path', '')}/", 303)

    async def sign_out(request: Request) -> Response:
        request.session.clear()
        return RedirectResponse(f"{request.scope.get('root_path', '')}/sign-in", 303)

    sessions = Middleware(
        SessionMiddleware,
        secret_key=services.sealer.lookups("console session")[0],
        session_cookie="hearth_console",
        max_age=SESSION_S,
        same_site="strict",
        https_only=secure,
    )
    return Starlette(
        routes=[
            Route("/", queue),
            Route("/sign-in", sign_in, methods=["GET", "POST"]),
            Route("/sign-out", sign_out, methods=["POST"]),
        ],
        middleware=[sessions],
    )
