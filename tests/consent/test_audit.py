"""Whatever is done to the log of who saw and changed what, `verify` finds it."""

from __future__ import annotations

import shutil
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, select, update

from bot.consent import audit
from bot.consent.audit import Break, Fault
from bot.store.db import connect, migrate
from bot.store.tables import audit as table
from tests.conftest import Clock


@pytest.fixture
def keystore(tmp_path: Path) -> Engine:
    return connect(f"sqlite:///{tmp_path / 'keys.db'}")


def write(engine: Engine, clock: Clock, count: int, keystore: Engine | None = None, person: str = "p1") -> None:
    for _ in range(count):
        clock.pass_(1.25)
        with engine.begin() as connection:
            audit.record(connection, clock(), "bot", "show-case_status", "full", person, "c1")
        if keystore is not None:
            audit.remember_head(keystore, engine)


def faults(engine: Engine, keystore: Engine | None = None) -> set[Fault]:
    return {each.fault for each in audit.verify(engine, keystore)}


def test_a_log_that_nobody_touched_holds(engine: Engine, keystore: Engine, clock: Clock) -> None:
    assert audit.verify(engine, keystore) == []
    write(engine, clock, 5, keystore)
    assert audit.verify(engine, keystore) == []
    assert audit.head(keystore) is not None
    assert not audit.rolled_back(keystore, engine)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("actor", "anna"),
        ("action", "consent:all"),
        ("person_id", "p2"),
        ("person_id", None),
        ("case_id", "c2"),
        ("outcome", "on_hold"),
        ("at", None),
        ("hash", "f" * 64),
        ("before_hash", "f" * 64),
    ],
)
def test_one_altered_field_shows(engine: Engine, clock: Clock, column: str, value: str | None) -> None:
    write(engine, clock, 5)
    with engine.connect() as connection:
        before = {row.number: getattr(row, column) for row in connection.execute(select(table))}
    for number in (1, 3, 5):
        new = clock() + timedelta(microseconds=1) if column == "at" else value
        for put, broken in ((new, True), (before[number], False)):
            with engine.begin() as connection:
                connection.execute(update(table).where(table.c.number == number).values({column: put}))
            assert (Break(number, Fault.ALTERED) in audit.verify(engine)) is broken


def test_a_removed_line_shows_wherever_it_stood(engine: Engine, keystore: Engine, clock: Clock) -> None:
    write(engine, clock, 5, keystore)
    for number in (3, 1):
        with engine.begin() as connection:
            connection.execute(delete(table).where(table.c.number == number))
        assert Break(number, Fault.MISSING) in audit.verify(engine)
    with engine.begin() as connection:
        connection.execute(delete(table).where(table.c.number == 5))
    assert Break(5, Fault.TRUNCATED) in audit.verify(engine, keystore)


def test_a_removed_line_shows_also_when_the_others_were_renumbered(engine: Engine, clock: Clock) -> None:
    write(engine, clock, 5)
    with engine.begin() as connection:
        connection.execute(delete(table).where(table.c.number == 3))
        for number in (4, 5):
            connection.execute(update(table).where(table.c.number == number).values(number=number - 1))
    assert faults(engine) >= {Fault.UNCHAINED, Fault.ALTERED}


def test_reordered_lines_show(engine: Engine, clock: Clock) -> None:
    write(engine, clock, 5)
    with engine.begin() as connection:
        for old, new in ((2, 99), (3, 2), (99, 3)):
            connection.execute(update(table).where(table.c.number == old).values(number=new))
    assert faults(engine) >= {Fault.UNCHAINED, Fault.ALTERED}


def test_a_cut_off_end_shows_against_the_keystore_only(engine: Engine, keystore: Engine, clock: Clock) -> None:
    write(engine, clock, 5, keystore)
    with engine.begin() as connection:
        connection.execute(delete(table).where(table.c.number > 3))
    assert audit.verify(engine) == []
    assert audit.verify(engine, keystore) == [Break(4, Fault.TRUNCATED)]
    assert audit.rolled_back(keystore, engine)


def test_an_emptied_log_shows(engine: Engine, keystore: Engine, clock: Clock) -> None:
    write(engine, clock, 2, keystore)
    with engine.begin() as connection:
        connection.execute(delete(table))
    assert audit.verify(engine, keystore) == [Break(1, Fault.TRUNCATED)]


def test_a_log_written_anew_from_a_line_on_shows_however_carefully_it_was_done(
    engine: Engine, keystore: Engine, clock: Clock
) -> None:
    write(engine, clock, 5, keystore)
    with engine.begin() as connection:
        connection.execute(delete(table).where(table.c.number >= 3))
    write(engine, clock, 3, person="somebody else")
    assert audit.verify(engine) == []
    assert audit.verify(engine, keystore) == [Break(5, Fault.REPLACED)]


def test_a_lost_head_shows(engine: Engine, keystore: Engine, clock: Clock) -> None:
    write(engine, clock, 2, keystore)
    with keystore.begin() as connection:
        connection.execute(delete(audit.audit_head))
    assert audit.verify(engine, keystore) == [Break(2, Fault.NO_HEAD)]


def test_a_database_rolled_back_to_yesterday_shows_and_goes_on_showing_until_staff_accept_it(
    tmp_path: Path, keystore: Engine, clock: Clock
) -> None:
    path = tmp_path / "hearth.db"
    engine = connect(f"sqlite:///{path}")
    migrate(engine)
    write(engine, clock, 3, keystore)
    engine.dispose()  # the last connection writes everything into the one file
    shutil.copy(path, tmp_path / "yesterday.db")
    engine = connect(f"sqlite:///{path}")
    write(engine, clock, 4, keystore)
    engine.dispose()
    for rest in ("-wal", "-shm"):
        Path(f"{path}{rest}").unlink(missing_ok=True)
    shutil.copy(tmp_path / "yesterday.db", path)

    engine = connect(f"sqlite:///{path}")
    assert audit.rolled_back(keystore, engine)
    assert faults(engine, keystore) == {Fault.TRUNCATED}
    write(engine, clock, 10, keystore)  # life goes on, past the old head, and hides nothing
    assert audit.rolled_back(keystore, engine)
    assert audit.verify(engine, keystore) == [Break(7, Fault.REPLACED)]

    audit.accept_head(keystore, engine, "anna", clock())
    assert audit.verify(engine, keystore) == []
    assert not audit.rolled_back(keystore, engine)
    with engine.connect() as connection:
        last = connection.execute(select(table).order_by(table.c.number.desc())).first()
    assert (last.actor, last.action) == ("anna", "audit:accept")


def test_the_head_lags_behind_after_a_crash_without_harm(engine: Engine, keystore: Engine, clock: Clock) -> None:
    write(engine, clock, 2, keystore)
    write(engine, clock, 2)
    assert audit.verify(engine, keystore) == []
    write(engine, clock, 1, keystore)
    head = audit.head(keystore)
    assert head is not None
    assert head[0] == 5


def test_a_line_belongs_to_its_transaction(engine: Engine, clock: Clock) -> None:
    write(engine, clock, 1)
    with pytest.raises(RuntimeError), engine.begin() as connection:  # noqa: PT012
        audit.record(connection, clock(), "bot", "link", "linked")
        raise RuntimeError
    write(engine, clock, 1)
    assert audit.verify(engine) == []
    with engine.connect() as connection:
        assert connection.scalars(select(table.c.number).order_by(table.c.number)).all() == [1, 2]


def test_lines_written_at_the_same_time_make_one_chain(engine: Engine, keystore: Engine, clock: Clock) -> None:
    failed: list[BaseException] = []

    def work(name: str) -> None:
        try:
            for _ in range(10):
                with engine.begin() as connection:
                    audit.record(connection, clock(), name, "case_shown", "done", "p1")
                audit.remember_head(keystore, engine)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(f"staff-{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert audit.verify(engine, keystore) == []
    head = audit.head(keystore)
    assert head is not None
    assert head[0] == 60


def test_who_looked_are_those_who_saw_something_of_this_person_newest_first(engine: Engine, clock: Clock) -> None:
    with engine.begin() as connection:
        for actor, action, outcome, person in [
            ("anna", "case_shown", "done", "p1"),
            ("bot", "show-case_status", "full", "p1"),
            ("bot", "show-case_status", "not_proved", "p1"),
            ("bot", "show-looked", "full", "p1"),
            ("bot", "show-itinerary", "full", "p2"),
            ("anna", "milestone", "done", "p1"),
            ("bot", "show-appointments", "news_only", "p1"),
        ]:
            clock.pass_(60)
            audit.record(connection, clock(), actor, action, outcome, person, "c1")
    found = [(look.actor, look.action) for look in audit.looked(engine, "p1")]
    assert found == [("bot", "show-appointments"), ("bot", "show-case_status"), ("anna", "case_shown")]
    assert len(audit.looked(engine, "p1", limit=1)) == 1
    assert audit.looked(engine, "nobody") == []
