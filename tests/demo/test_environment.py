"""The demo's own settings: apart from any real installation, made once, and refused in one clear line."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from bot.demo.environment import Environment, Ports, Secrets, prepare
from bot.settings import Settings, SettingsError


def test_secrets_are_made_once_for_their_owner_alone(tmp_path: Path) -> None:
    first = Secrets.kept(tmp_path)
    assert Secrets.kept(tmp_path) == first
    assert stat.S_IMODE((tmp_path / "env.json").stat().st_mode) == 0o600
    assert Secrets.kept(tmp_path / "..") != first


def test_a_database_whose_secrets_are_lost_is_put_aside(tmp_path: Path) -> None:
    (tmp_path / "hearth.db").write_text("sealed")
    (tmp_path / "env.json").write_text("{broken")
    Secrets.kept(tmp_path)
    assert not (tmp_path / "hearth.db").exists()
    assert (tmp_path / "unreadable-hearth.db").read_text() == "sealed"


def test_the_settings_satisfy_the_gateway_and_point_at_this_machine(tmp_path: Path) -> None:
    ours = Environment(tmp_path, Ports(), Secrets.made())
    settings = Settings(_env_file=None, **ours.settings())
    settings.check()
    assert settings.twilio_on
    assert settings.telegram_on
    urls = [value for value in ours.settings().values() if value.startswith("http")]
    assert all(url.startswith("http://127.0.0.1:") for url in urls)


def test_nothing_of_a_real_service_reaches_the_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "the-real-one")
    monkeypatch.setenv("HEARTH_RETENTION_DAYS", "1")
    monkeypatch.setenv("HEARTH_PROGRAMME", "/somewhere/programme.yml")
    environ = Environment(tmp_path, Ports(), Secrets.made()).of_children()
    assert "the-real-one" not in environ.values()
    assert "HEARTH_RETENTION_DAYS" not in environ
    assert environ["HEARTH_PROGRAMME"] == "/somewhere/programme.yml"
    assert environ["PATH"]


def test_ports_are_moved_by_name() -> None:
    assert Ports.read("gateway=8001, rasa=5006", 8080) == Ports(gateway=8001, rasa=5006)
    assert Ports.read("page=8081", 8080).page == 8081
    assert Ports.read("page=8081", 9000).page == 9000


@pytest.mark.parametrize("text", ["gateway", "gateway=", "gateway=x", "gateway=70000", "console=1", "gateway=0"])
def test_ports_that_make_no_sense_are_one_clear_line(text: str) -> None:
    with pytest.raises(SettingsError, match="should look like gateway=8001"):
        Ports.read(text, 8080)


def test_a_taken_port_names_itself_and_the_way_out(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        environ = {"HEARTH_DEMO_PORTS": f"actions={port}", "HEARTH_DEMO_DIR": str(tmp_path / "demo")}
        # The other ports of the demo may be taken here too: moved out of the way.
        environ["HEARTH_DEMO_PORTS"] += "".join(f",{name}={free()}" for name in ("page", "gateway", "rasa"))
        with pytest.raises(SettingsError, match=rf"Port {port} \(actions\) is taken.*HEARTH_DEMO_PORTS=actions={port + 1}"):
            prepare(environ, 8080)


def free() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])
