"""Sealed values open only with a listed key, rotate, and are looked up without being opened."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from bot.store.db import SchemaError, check_schema, connect, migrate
from bot.store.seal import Sealer, SealError

OLD, NEW = "o" * 40, "n" * 40
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(JSON)
def test_what_is_sealed_opens_to_the_same(value: object) -> None:
    sealer = Sealer([NEW])
    assert sealer.open(sealer.seal(value)) == value


def test_a_sealed_text_shows_nothing_and_an_altered_one_does_not_open() -> None:
    sealed = Sealer([NEW]).seal("my sister is in danger")
    assert b"sister" not in sealed
    with pytest.raises(SealError):
        Sealer([NEW]).open(sealed[:-4] + b"AAAA")


def test_a_new_key_seals_and_the_old_one_still_opens_until_it_is_removed() -> None:
    sealed = Sealer([OLD]).seal("x")
    assert Sealer([NEW, OLD]).open(sealed) == "x"
    with pytest.raises(SealError):
        Sealer([NEW]).open(sealed)


def test_an_address_is_found_again_after_the_keys_changed() -> None:
    assert Sealer([OLD]).lookups("+1555")[0] in Sealer([NEW, OLD]).lookups("+1555")
    assert Sealer([OLD]).lookups("+1555") != Sealer([OLD]).lookups("+1556")


def test_a_database_of_a_newer_release_is_refused_and_an_empty_one_says_what_to_run(engine: Engine, tmp_path: object) -> None:
    check_schema(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaError, match="newer release"):
        check_schema(engine)
    with pytest.raises(SchemaError, match="hearth migrate"):
        check_schema(connect(f"sqlite:///{tmp_path}/empty.db"))


def test_the_migrations_make_exactly_the_tables_of_the_code(engine: Engine) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from bot.store.tables import metadata

    migrate(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
