"""Primero v2 as the source of cases: one Primero record is one person, its family number is our case number.

Primero's own fields are used where it has them (case_id_display, name, date_of_birth, status, owned_by, family_number). The
rest stands in a form of the office's own, whose fields begin with `hearth_`; docs/cases.md says how to make it. Only these
fields are asked for: nothing else of a record ever leaves Primero.

Contract: https://github.com/primeroIMS/primero, doc/api/tokens/post.md and doc/api/cases/get.md, read at version 2.15.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import httpx

from bot.cases.facts import Appointment, CaseError, Flight
from bot.cases.files import Cases, Change
from bot.cases.importer import day, minute
from bot.cases.sources import SourceError

BY = "primero"
TIME_LIMIT_S, A_PAGE, PAGES = 10.0, 100, 10
OWN_FIELDS = ("case_id_display", "family_number", "name", "hidden_name", "date_of_birth", "status", "owned_by")
OUR_FIELDS = tuple(
    f"hearth_{name}"
    for name in ("role", "guards", "minor", "language", "milestone", "milestone_date", "safety_hold", "appointments", "flights")
)
Record = Mapping[str, Any]


class Server:
    """One Primero server and one account there that may only read cases."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self._user, self._password = user, password
        self._signed_in: tuple[httpx.Auth | None, dict[str, str]] | None = None
        self._client = httpx.Client(base_url=url.rstrip("/"), timeout=TIME_LIMIT_S, headers={"Accept": "application/json"})

    def family(self, number: str) -> list[Record]:
        """Every record of the family that this account may see; raises SourceError."""
        found: list[Record] = []
        for page in range(1, PAGES + 1):
            fields = ",".join(OWN_FIELDS + OUR_FIELDS)
            answer = self._get("/api/v2/cases", {"family_number": number, "fields": fields, "page": page, "per": A_PAGE})
            try:
                records, total = list(answer["data"]), int(answer["metadata"]["total"])
                strange = [record for record in records if str(record["family_number"]) != number]
            except (KeyError, TypeError, ValueError):
                raise SourceError(
                    "Primero's answer is not a list of cases: is family_number a field this account may see?"
                ) from None
            if strange:
                raise SourceError("Primero gave records of another family: this version cannot be asked by family_number.")
            found += [record for record in records if record.get("enabled") is not False]
            if not records or page * A_PAGE >= total:
                return found
        raise SourceError(f"Primero has more than {PAGES * A_PAGE} records in one family: the family number is not one family's.")

    def _get(self, path: str, query: Mapping[str, str | int]) -> Any:
        try:
            response = self._asked(path, query)
            if response.status_code == 401:  # a token lives for an hour
                self._signed_in = None
                response = self._asked(path, query)
            if response.status_code == 403:
                raise SourceError("Primero refuses: this account may not view cases.")
            if response.status_code != 200:
                raise SourceError(f"Primero answered with status {response.status_code}.")
            return response.json()
        except httpx.HTTPError as error:
            raise SourceError(f"Primero does not answer ({type(error).__name__}): see HEARTH_PRIMERO_URL.") from None
        except ValueError:
            raise SourceError("Primero's answer is not JSON: does HEARTH_PRIMERO_URL lead to Primero itself?") from None

    def _asked(self, path: str, query: Mapping[str, str | int]) -> httpx.Response:
        auth, headers = self._signed_in or self._sign_in()
        return self._client.get(path, params=dict(query), auth=auth, headers=headers)

    def _sign_in(self) -> tuple[httpx.Auth | None, dict[str, str]]:
        """A bearer token as the API's description says; a release that gives none takes name and password each time."""
        body = {"user": {"user_name": self._user, "password": self._password}}
        response = self._client.post("/api/v2/tokens", json=body)
        if response.status_code == 401:
            raise SourceError("Primero does not know HEARTH_PRIMERO_USER with this HEARTH_PRIMERO_PASSWORD.")
        if response.status_code >= 500:
            raise SourceError(f"Primero answered with status {response.status_code}.")
        token = response.headers.get("Authorization", "")
        if response.status_code == 200 and token.startswith("Bearer "):
            self._signed_in = None, {"Authorization": token}
        else:
            self._client.cookies.clear()  # or a half-made session would be used instead
            self._signed_in = httpx.BasicAuth(self._user, self._password), {}
        return self._signed_in


class Primero:
    """Brings one family after another into our tables."""

    def __init__(self, server: Server, cases: Cases, clock: Callable[[], datetime]) -> None:
        self._server, self._cases, self._clock = server, cases, clock

    def refresh(self, case_number: str) -> None:
        """Protection first: a hold, a closing or a removal is taken over also when something else in the records is wrong."""
        number = case_number.strip()
        records = self._server.family(number)
        known = self._cases.find(number) is not None
        if not records and not known:
            raise SourceError("Primero shows no case with this family number to this account.")
        if known:
            with self._cases.changing(BY, self._clock()) as change:
                _protect(change, change.case_id(number), records)
        if not records:
            return
        try:
            with self._cases.changing(BY, self._clock()) as change:
                _bring(change, number, records)
        except CaseError as error:
            raise SourceError(f"Primero's records of this case cannot be taken over: {error}") from None


def _protect(change: Change, case_id: str, records: list[Record]) -> None:
    if any(_held(record) for record in records):
        change.hold(case_id, True)
    if _closed(records):
        change.close(case_id)
    change.only(case_id, [_text(record, "case_id_display") for record in records])


def _held(record: Record) -> bool:
    """Whatever is not plainly "no" is a hold."""
    return record.get("hearth_safety_hold") not in (None, False, "", "false", "no")


def _closed(records: list[Record]) -> bool:
    """A family is closed when its principal is, or everybody is, or nobody is left."""
    principals = [record for record in records if _text(record, "hearth_role") == "principal"]
    return all(_text(record, "status") == "closed" for record in principals or records)


def _bring(change: Change, number: str, records: list[Record]) -> None:
    principal = next((record for record in records if _text(record, "hearth_role") == "principal"), records[0])
    case_id = change.case(number, caseworker=_text(principal, "owned_by") or None)
    if any(_held(record) for record in records):
        change.hold(case_id, True)
    change.close(case_id, _closed(records))
    for record in sorted(records, key=lambda record: bool(_wards(record))):
        reference = _text(record, "case_id_display")
        if not change.erased(reference):
            try:
                _one(change, case_id, reference, record)
            except CaseError as error:
                raise CaseError(f"record {reference}: {error}") from None


def _one(change: Change, case_id: str, reference: str, record: Record) -> None:
    hidden = record.get("hidden_name") is True
    born, said = _text(record, "date_of_birth"), record.get("hearth_minor")
    person_id = change.person(
        reference,
        name="" if hidden else _text(record, "name"),
        born=day(born.replace("/", "-"), "date_of_birth") if born else None,
        language=_text(record, "hearth_language") or None,
        minor=said if isinstance(said, bool) and not born else None,
    )
    guards = tuple(change.person_id(case_id, ward) for ward in _wards(record))
    change.role(case_id, person_id, _text(record, "hearth_role"), guards)
    if milestone := _text(record, "hearth_milestone"):
        change.milestone(case_id, person_id, milestone, day(_text(record, "hearth_milestone_date"), "hearth_milestone_date"))
    change.appointments(case_id, person_id, [_appointment(each) for each in record.get("hearth_appointments") or ()])
    change.itinerary(case_id, person_id, [_flight(each) for each in record.get("hearth_flights") or ()])


def _wards(record: Record) -> list[str]:
    return [ward for ward in re.split(r"[\s,;]+", _text(record, "hearth_guards")) if ward]


def _appointment(value: Record) -> Appointment:
    at = minute(_text(value, "hearth_at"), "hearth_at")
    return Appointment.of(_text(value, "hearth_kind"), at, _text(value, "hearth_zone"), _text(value, "hearth_place"))


def _flight(value: Record) -> Flight:
    departs, arrives = (minute(_text(value, f"hearth_{name}"), f"hearth_{name}") for name in ("departs", "arrives"))
    start, end = (_text(value, f"hearth_{name}_place") for name in ("from", "to"))
    start_zone, end_zone = (_text(value, f"hearth_{name}_zone") for name in ("from", "to"))
    return Flight.of(_text(value, "hearth_flight_number"), start, departs, start_zone, end, arrives, end_zone)


def _text(record: Record, name: str) -> str:
    value = record.get(name)
    return value.strip() if isinstance(value, str) else ""
