"""A small HTTP server that answers as Primero's API description says (doc/api of github.com/primeroIMS/primero, at 2.15):
tokens/post.md, cases/get.md. Where a release differs from its description (no token in the header) `bearer` is False."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

USER, PASSWORD, TOKEN = "hearth", "primero-secret", "jwtheader.jwtpayload.jwtsecret"


@dataclass
class StandIn:
    """What the server holds and how it behaves; `asked` is every request."""

    url: str = ""
    records: list[dict[str, Any]] = field(default_factory=list)
    bearer: bool = True
    filters: bool = True
    status: int = 200
    raw: bytes | None = None
    expired: int = 0
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    sign_ins: int = 0


def record(display: str, number: str, **fields: Any) -> dict[str, Any]:
    """A case as in cases/get.md, with the fields of the office's own form."""
    return {
        "id": f"b3222e84-a5d7-4692-a643-{int.from_bytes(display.encode(), 'big') % 10**12:012d}",
        "enabled": True,
        "name": f"{display} Sample",
        "owned_by": "primero_dana",
        "status": "open",
        "case_id_display": display,
        "family_number": number,
        "last_updated_at": "2026-05-10T05:34:59.514Z",
        **fields,
    }


@contextmanager
def serving() -> Iterator[StandIn]:
    """The server on a free port of this machine."""
    stand_in = StandIn()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

        def _answer(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", "Content-Length": str(len(raw)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            stand_in.sign_ins += 1
            if self.path != "/api/v2/tokens" or body != {"user": {"user_name": USER, "password": PASSWORD}}:
                self._answer(401, {"error": "Invalid User name or password."})
            else:
                self._answer(200, {"user_name": USER}, {"Authorization": f"Bearer {TOKEN}"} if stand_in.bearer else {})

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(address.query).items()}
            stand_in.asked.append((address.path, query))
            basic = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            wanted = f"Bearer {TOKEN}" if stand_in.bearer else basic
            if stand_in.expired > 0 or self.headers.get("Authorization") != wanted:
                stand_in.expired -= 1
                self._answer(401, {"errors": [{"status": 401, "resource": address.path, "message": "Unauthorized"}]})
            elif stand_in.raw is not None or stand_in.status != 200:
                failure = {"errors": [{"code": stand_in.status, "resource": address.path, "message": "Forbidden"}]}
                self._answer(stand_in.status, stand_in.raw if stand_in.raw is not None else failure)
            else:
                self._answer(200, self._cases(query))

        def _cases(self, query: dict[str, str]) -> dict[str, Any]:
            fields = {"id", "enabled", "last_updated_at", *query["fields"].split(",")}
            found = [each for each in stand_in.records if not stand_in.filters or each["family_number"] == query["family_number"]]
            page, per = int(query.get("page", 1)), int(query.get("per", 20))
            shown = [
                {name: value for name, value in each.items() if name in fields} for each in found[(page - 1) * per : page * per]
            ]
            return {"data": shown, "metadata": {"total": len(found), "per": per, "page": page}}

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stand_in.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield stand_in
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
