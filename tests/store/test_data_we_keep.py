"""docs/data-we-keep.md is held against the tables, the keystore, the settings, and what really stands in the files."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from datetime import timedelta
from functools import partial
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import Engine, LargeBinary, MetaData, select

from bot.channels.base import Part
from bot.consent import audit
from bot.consent.erasure import WAITING_TIME
from bot.gateway.commit import Committer
from bot.gateway.outbox import Outbox
from bot.gateway.turn import Turn
from bot.i18n.answers import Answers
from bot.settings import ROOT, Settings
from bot.store.db import connect, migrate
from bot.store.periods import SPENT
from bot.store.seal import Sealer, SealError
from bot.store.tables import conversation, metadata
from bot.store.vault import keystore
from tests.conftest import Clock
from tests.keeping import WRITTEN, House, flight, interview, rasa_door
from tests.talk import load_answers

PAGE = (ROOT / "docs" / "data-we-keep.md").read_text("utf-8")
SEALINGS = {"no", "master key", "person's key", "chat's key", "keyed hash", "argon2id", "hash"}
#: Authenticated encryption, and the name of the key's owner.
OWNED = {"person's key": "person", "chat's key": "talk"}

Fields = dict[tuple[str, str], tuple[str, str, str]]


def fields(page: str) -> Fields:
    """(table, field) -> (what for, sealed, kept), from the page; a field written twice is an error."""
    found: Fields = {}
    table = ""
    for line in page.splitlines():
        if line.startswith("#"):
            table = line.removeprefix("### ").strip() if line.startswith("### ") else ""
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if table and line.startswith("| `") and len(cells) == 4:
            key = (table, cells[0].strip("`"))
            assert key not in found, f"{key} stands there twice"
            found[key] = (cells[1], cells[2], cells[3])
    return found


def words(page: str, heading: str) -> dict[str, str]:
    """The words of a table under a heading, and what they mean."""
    section = page.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", section, re.MULTILINE))


def problems(page: str, stores: tuple[MetaData, ...] = (metadata, keystore)) -> list[str]:
    """What the page leaves out, adds or gets wrong."""
    columns = {(table.name, column.name): column for store in stores for table in store.sorted_tables for column in table.columns}
    documented, kept_words = fields(page), words(page, "How long it is kept")
    found = [f"missing: {'.'.join(key)}" for key in columns.keys() - documented.keys()]
    found += [f"surplus: {'.'.join(key)}" for key in documented.keys() - columns.keys()]
    for key in columns.keys() & documented.keys():
        purpose, sealed, kept = documented[key]
        binary = isinstance(columns[key].type, LargeBinary)
        hashed = key[1].endswith("hash") or key[1] == "digest"
        right = {"master key", *OWNED} if binary else {"keyed hash", "argon2id", "hash"} if hashed else {"no"}
        if not purpose:
            found.append(f"no purpose: {'.'.join(key)}")
        if sealed not in right:
            found.append(f"sealed otherwise: {'.'.join(key)}")
        if kept not in kept_words:
            found.append(f"kept how long: {'.'.join(key)}")
    return sorted(found)


def test_every_stored_field_has_its_purpose_its_sealing_and_its_time() -> None:
    assert problems(PAGE) == []


def test_a_missing_a_surplus_and_a_wrong_line_are_found() -> None:
    line = next(line for line in PAGE.splitlines() if line.startswith("| `address` |"))
    assert problems(PAGE.replace(line + "\n", "")) == ["missing: contact.address"]
    assert problems(PAGE.replace(line, f"{line}\n| `shoe_size` | Nobody knows | no | chat |")) == ["surplus: contact.shoe_size"]
    assert problems(PAGE.replace(line, line.replace("chat's key", "no"))) == ["sealed otherwise: contact.address"]
    assert problems(PAGE.replace(line, line.replace("| chat |", "| forever |"))) == ["kept how long: contact.address"]
    assert problems(PAGE.replace(line, re.sub(r"\| The phone.*?\|", "|  |", line))) == ["no purpose: contact.address"]
    moved = PAGE.replace("### audit_head", "### audit_tail")
    assert {problem.split(".")[0] for problem in problems(moved)} == {"missing: audit_head", "surplus: audit_tail"}


def test_the_words_for_sealing_and_the_periods_are_those_of_the_code() -> None:
    assert set(words(PAGE, "How it is sealed")) == SEALINGS
    kept = " ".join(words(PAGE, "How long it is kept").values())
    written = {(setting, int(days)) for days, setting in re.findall(r"(\d+) days \(`(HEARTH_KEEP_\w+)`\)", kept)}
    settings = {(str(field.alias), field.default) for field in Settings.model_fields.values()}
    assert written == {each for each in settings if each[0].startswith("HEARTH_KEEP_")}
    assert words(PAGE, "How long it is kept")["spent"].startswith(f"{SPENT.days} days")
    assert timedelta(days=7) == WAITING_TIME
    assert "Seven days later" in PAGE


def full_house(
    engine: Engine, folder: Path, sealer: Sealer, clock: Clock, answers: Answers, rasa_url: str = ""
) -> tuple[House, str]:
    """Every kind of row, written by the code that writes it."""
    house = House(engine, folder, sealer, clock, rasa_url)
    someone, other = house.person(), house.person("REF-89")
    house.dates(someone, interview(clock() + timedelta(days=9)), flights=(flight(clock() + timedelta(days=20)),))
    talk = house.writes()
    house.links(talk, someone, "case_status")
    house.codes.issue("CASE-77", "REF-89", "ana", clock())
    house.erasures.ask(house.contact_id(talk), talk, clock())
    house.writes(handled=False)
    claim = house.inbox.claim(clock())
    assert claim is not None
    turn = Turn(claim, claim.inbound, clock(), secret={"await": "pin"})
    turn.say(answers, "utter_link_case")
    Committer(engine, house.vault, Outbox(engine, house.vault)).commit(turn, [Part("an answer")])
    with engine.begin() as connection:
        house.pins.set(connection, someone, "2580", duress=False)
        house.ledger.release(connection, house.cases.find("CASE-77") or "", someone, other, clock())
    audit.remember_head(house.keystore, engine)
    return house, someone


@pytest.fixture(scope="module")
def answers() -> Answers:
    return load_answers()


def test_what_the_page_calls_sealed_opens_with_that_key_and_no_other(
    engine: Engine, tmp_path: Path, sealer: Sealer, clock: Clock, answers: Answers
) -> None:
    house, _ = full_house(engine, tmp_path, sealer, clock, answers)
    looked_at = set()
    for (name, field), (_, sealed, _) in fields(PAGE).items():
        if sealed not in ("master key", *OWNED):
            continue
        table = metadata.tables.get(name)
        store = engine if table is not None else house.keystore
        table = table if table is not None else keystore.tables[name]
        with store.connect() as connection:
            rows = [row for row in connection.execute(select(table)).mappings() if row[field]]
        for row in rows:
            looked_at.add((name, field))
            if sealed == "master key":
                assert sealer.open(row[field]) is not None
            else:
                assert house.vault.open(f"{OWNED[sealed]}:{_whose(engine, name, row)}", row[field])
                with pytest.raises(SealError):
                    sealer.open(row[field])
    assert looked_at == {key for key, value in fields(PAGE).items() if value[1] in ("master key", *OWNED)}


def _whose(engine: Engine, table: str, row: Mapping[str, object]) -> object:
    if table == "contact":
        with engine.connect() as connection:
            return connection.scalar(select(conversation.c.id).where(conversation.c.contact_id == row["id"]))
    return row["id"] if table in ("person", "conversation") else row.get("person_id") or row["conversation_id"]


def test_a_copy_of_the_main_database_opens_nothing_of_an_erased_chat_with_the_master_key(
    tmp_path: Path, sealer: Sealer, clock: Clock, answers: Answers
) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'main.db'}")
    migrate(engine)
    with rasa_door() as (url, _):
        house, _ = full_house(engine, tmp_path, sealer, clock, answers, url)
        with closing(sqlite3.connect(tmp_path / "main.db")) as main, closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
            main.backup(copy)
        backup = connect(f"sqlite:///{tmp_path / 'copy.db'}")
        assert _opened(backup, house) == _sealed()  # until then
        clock.pass_(WAITING_TIME.total_seconds())
        assert house.erasures.run(clock(), house.memory).done == 1
    # The other person of the case, who did not ask, is all that is left of what a person's or a chat's key seals.
    assert _opened(backup, house) == {("case_file", "number"), ("person", "details")}


def _sealed() -> set[tuple[str, str]]:
    return {(table.name, c.name) for table in metadata.sorted_tables for c in table.columns if isinstance(c.type, LargeBinary)}


def _opened(backup: Engine, house: House) -> set[tuple[str, str]]:
    """The columns of which something opens with the master key, or with any key there is."""
    with house.keystore.connect() as connection:
        subjects = connection.scalars(select(keystore.tables["subject_key"].c.subject)).all()
    keys = [house.sealer.open, *(partial(house.vault.open, subject) for subject in subjects)]
    found = set()
    for table, field in _sealed():
        with backup.connect() as connection:
            values = [value for value in connection.scalars(select(metadata.tables[table].c[field])) if value]
        for key, value in product(keys, values):
            with suppress(SealError):
                key(value)
                found.add((table, field))
    return found


def test_nothing_that_people_wrote_and_no_name_number_or_place_can_be_read_in_the_files(
    tmp_path: Path, sealer: Sealer, clock: Clock, answers: Answers
) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'main.db'}")
    migrate(engine)
    house, someone = full_house(engine, tmp_path, sealer, clock, answers)
    raw = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert someone.encode() in raw  # we do look at what is there
    assert house.keystore_file.exists()
    for written in (*WRITTEN, "REF-89", "2580", "639170000000", "Manila"):
        assert written.encode() not in raw
