"""WireMock between us and a peer: it passes on, breaks what it was told to break, and remembers every request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

import httpx

Response = Mapping[str, Any]

RESET: Response = {"fault": "CONNECTION_RESET_BY_PEER"}
EMPTY: Response = {"fault": "EMPTY_RESPONSE"}
BAD_CHUNK: Response = {"status": 201, "fault": "MALFORMED_RESPONSE_CHUNK"}
PAGE = "<html><body><h1>Bad gateway</h1></body></html>"


def json(status: int, body: Mapping[str, Any], **headers: str) -> Response:
    """An answer in JSON."""
    return {"status": status, "jsonBody": dict(body), "headers": {"Content-Type": "application/json", **headers}}


def html(status: int) -> Response:
    """A page, as a proxy on the way gives it."""
    return {"status": status, "body": PAGE, "headers": {"Content-Type": "text/html"}}


def late(response: Response, seconds: float) -> Response:
    """The same answer, later. A request that is passed on is passed on at once: only its answer waits."""
    return {**response, "fixedDelayMilliseconds": int(seconds * 1000)}


def passed_on(peer: str) -> Response:
    """The peer's own answer."""
    return {"proxyBaseUrl": peer}


class WireMock:
    """One WireMock; `reset` before each use."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._admin = httpx.Client(base_url=f"{url}/__admin", timeout=30)

    def close(self) -> None:
        """Ends the connection to it; the program is stopped by who started it."""
        self._admin.close()

    def _post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        answer = self._admin.post(path, json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def reset(self) -> None:
        """Forgets every rule and request."""
        self._post("/reset")

    def rule(self, path: str, response: Response, method: str = "ANY", priority: int = 5, **more: Any) -> None:
        """Answers what matches the pattern `path` with `response`; a smaller `priority` counts first."""
        request = {"method": method, "urlPathPattern": path}
        self._post("/mappings", {"priority": priority, "request": request, "response": dict(response), **more})

    def every(self, steps: int, path: str, broken: Sequence[Response], usual: Response, method: str = "POST") -> None:
        """Each `steps`th request is answered with the next of `broken`, in turn; the others get the `usual` answer."""
        count = steps * len(broken)
        names = ["Started", *(f"after {number}" for number in range(1, count))]
        for number, name in enumerate(names):
            response = broken[number // steps] if number % steps == steps - 1 else usual
            step = {"scenarioName": f"every {path}", "requiredScenarioState": name, "newScenarioState": names[(number + 1) % count]}
            self.rule(path, response, method, 1, **step)

    def once(self, path: str, responses: Sequence[Response], method: str = "POST") -> None:
        """The first requests get these answers, one each; later ones go to the other rules."""
        names = ["Started", *(f"after {number}" for number in range(1, len(responses) + 1))]
        for number, response in enumerate(responses):
            step = {"scenarioName": f"once {path}", "requiredScenarioState": names[number], "newScenarioState": names[number + 1]}
            self.rule(path, response, method, 1, **step)

    def count(self, path: str, method: str = "POST") -> int:
        """How many requests matched."""
        return int(self._post("/requests/count", {"method": method, "urlPathPattern": path})["count"])

    def forms(self, path: str, method: str = "POST") -> list[dict[str, str]]:
        """The forms that came, oldest first."""
        found = self._post("/requests/find", {"method": method, "urlPathPattern": path})["requests"]
        oldest_first = sorted(found, key=lambda each: each["loggedDate"])
        return [{key: values[0] for key, values in parse_qs(each["body"], keep_blank_values=True).items()} for each in oldest_first]
