"""A person's key opens what is theirs and nothing else, is gone for good once destroyed, and survives a change of master keys."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select, update

from bot.store.db import connect
from bot.store.rotation import Rotated, Rotation
from bot.store.seal import Sealer, SealError
from bot.store.tables import case_file, contact, inbox, outbox, person
from bot.store.vault import Vault, of_talk, subject_key
from tests.conftest import KEYS, Clock
from tests.keeping import NAME, PHONE, TEXT, House

OLD, NEW = KEYS[0], "n" * 40


@pytest.fixture
def keystore(database_url: str) -> Engine:
    return connect(database_url)


@pytest.fixture
def vault(keystore: Engine, sealer: Sealer) -> Vault:
    return Vault(keystore, sealer)


def test_what_is_sealed_for_somebody_opens_to_the_same(tmp_path_factory: pytest.TempPathFactory) -> None:
    vault = Vault(connect(f"sqlite:///{tmp_path_factory.mktemp('keys') / 'keys.db'}"), Sealer(KEYS))

    @given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner), max_leaves=5))
    def holds(value: object) -> None:
        assert vault.open("person:a", vault.seal("person:a", value)) == value

    holds()


def test_nobody_elses_key_and_no_master_key_opens_it(vault: Vault, sealer: Sealer) -> None:
    sealed, other = vault.seal("person:a", {"name": NAME}), vault.seal("person:b", "x")
    assert NAME.encode() not in sealed
    assert vault.open("person:b", other) == "x"
    with pytest.raises(SealError):
        vault.open("person:b", sealed)
    with pytest.raises(SealError):
        sealer.open(sealed)
    with pytest.raises(SealError):
        vault.open("person:a", sealed[:-4] + b"AAAA")


def test_a_destroyed_key_is_gone_at_once_in_every_process_and_a_new_one_does_not_open_the_old(
    keystore: Engine, vault: Vault, sealer: Sealer
) -> None:
    sealed = vault.seal("person:a", "x")
    other = Vault(keystore, sealer)
    assert other.open("person:a", sealed) == "x"
    assert vault.destroy("person:a")
    assert not vault.destroy("person:a")
    with pytest.raises(SealError, match="destroyed"):
        other.open("person:a", sealed)
    vault.seal("person:a", "again")
    with pytest.raises(SealError):
        other.open("person:a", sealed)


def test_a_destroyed_key_is_not_left_in_the_file(tmp_path: Path, sealer: Sealer) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'keys.db'}")
    vault = Vault(engine, sealer)
    for number in range(50):
        vault.seal(f"person:{number}", "x")
    with engine.connect() as connection:
        sealed = connection.scalar(select(subject_key.c.key).where(subject_key.c.subject == "person:7")) or b""
    assert any(sealed in path.read_bytes() for path in tmp_path.iterdir())
    vault.destroy("person:7")
    with engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    assert not any(sealed in path.read_bytes() for path in tmp_path.iterdir())


def test_first_values_sealed_at_the_same_moment_share_one_key(keystore: Engine, sealer: Sealer) -> None:
    vaults, start, sealed = [Vault(keystore, sealer) for _ in range(6)], threading.Barrier(6), []

    def work(vault: Vault) -> None:
        start.wait()
        sealed.append(vault.seal("person:a", "x"))

    threads = [threading.Thread(target=work, args=(each,)) for each in vaults]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [vaults[0].open("person:a", each) for each in sealed] == ["x"] * 6


def test_a_removed_master_key_opens_nobodys_key_and_says_so(keystore: Engine, vault: Vault) -> None:
    sealed = vault.seal("person:a", "x")
    with pytest.raises(SealError, match="HEARTH_SECRET_KEYS"):
        Vault(keystore, Sealer([NEW])).open("person:a", sealed)
    assert vault.open("person:a", sealed) == "x"  # and nothing was lost by trying


def test_after_rotation_the_old_master_key_may_go(keystore: Engine, vault: Vault) -> None:
    sealed = {name: vault.seal(name, name) for name in ("person:a", "person:b")}
    assert Vault(keystore, Sealer([NEW, OLD])).rotate() == (2, 0)
    later = Vault(keystore, Sealer([NEW]))
    assert all(later.open(name, value) == name for name, value in sealed.items())


def test_many_keys_are_rotated_in_steps_and_one_that_does_not_open_stays_as_it_is(keystore: Engine, sealer: Sealer) -> None:
    Vault(keystore, Sealer(["x" * 40])).seal("talk:lost", "x")
    with keystore.connect() as connection:
        lost = connection.execute(select(subject_key)).all()
    with keystore.begin() as connection:
        row = {"key": sealer.seal(Fernet.generate_key().decode())}
        connection.execute(subject_key.insert(), [{**row, "subject": f"talk:{number:04}"} for number in range(450)])
    assert Vault(keystore, Sealer([NEW, OLD])).rotate() == (450, 1)
    with keystore.connect() as connection:
        rows = connection.execute(select(subject_key)).all()
    assert [row for row in rows if row.subject == "talk:lost"] == lost
    assert all(Sealer([NEW]).open(row.key) for row in rows if row not in lost)
    assert Vault(keystore, sealer).talks() == {"lost", *(f"{number:04}" for number in range(450))}


def test_rotation_makes_all_of_the_main_database_readable_with_the_new_key_alone(
    engine: Engine, tmp_path: Path, sealer: Sealer, clock: Clock
) -> None:
    house = House(engine, tmp_path, sealer, clock)
    someone, talk = house.person(), house.writes()
    house.links(talk, someone)
    erased = house.person("REF-89")
    with engine.begin() as connection:
        connection.execute(update(person).where(person.c.id == erased).values(erased_at=clock(), details=b""))
    house.vault.destroy(f"person:{erased}")
    before = [house.rows(table) for table in (inbox, outbox)]

    vault = Vault(house.keystore, Sealer([NEW, OLD]))
    done = Rotation(engine, vault, [NEW, OLD]).run()
    assert done == Rotated(values=1, hashes=3, keys=2, unreadable=0)  # the case number; keys of a person and a chat
    assert Rotation(engine, vault, [NEW, OLD]).run() == Rotated(keys=2)  # again: nothing to do

    assert [house.rows(table) for table in (inbox, outbox)] == before  # what a chat's key seals stays as it is
    alone = Sealer([NEW])
    later = House(engine, tmp_path, alone, clock)
    assert [later.vault.open(of_talk(talk), row.address) for row in later.rows(contact)] == [PHONE]
    assert [later.body(row)["text"] for row in later.rows(inbox)] == [TEXT]
    assert [later.body(row)["text"] for row in later.rows(outbox)] == ["an answer"]
    assert [alone.open(row.number) for row in later.rows(case_file)] == ["CASE-77"]
    assert later.cases.person("REF-88").name == NAME  # type: ignore[union-attr]
    assert later.cases.find("CASE-77")
    assert later.writes() == talk  # the same phone is the same chat


def test_rotation_leaves_what_opens_with_no_key_as_it_is_and_counts_it(
    engine: Engine, tmp_path: Path, sealer: Sealer, clock: Clock
) -> None:
    house = House(engine, tmp_path, sealer, clock)
    house.person()
    house.vault.destroy(f"person:{house.rows(person)[0].id}")
    house.writes()
    before = [house.rows(table) for table in (contact, case_file)]
    done = Rotation(engine, Vault(house.keystore, Sealer([NEW])), [NEW]).run()
    assert done == Rotated(unreadable=2)
    assert [house.rows(table) for table in (contact, case_file)] == before
    assert Rotation(engine, Vault(house.keystore, Sealer([NEW, OLD])), [NEW, OLD]).run().unreadable == 0
