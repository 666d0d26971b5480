"""A real model, small enough to train in a minute: the true domain and rules, some English lines, the package's encoder."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
#: Enough to tell a few meanings apart.
LINES = 12


@pytest.fixture(scope="session", autouse=True)
def _at_the_root() -> Iterator[None]:
    """Rasa finds its files from the project's root."""
    before = Path.cwd()
    os.chdir(ROOT)
    yield
    os.chdir(before)


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained model file."""
    from rasa.model_training import train

    folder = tmp_path_factory.mktemp("small")
    nlu = folder / "nlu" / "en"
    nlu.mkdir(parents=True)
    for path in sorted((ROOT / "data" / "nlu" / "en").glob("*.yml")):
        content = yaml.safe_load(path.read_text("utf-8"))
        for block in content["nlu"]:
            block["examples"] = "".join(itertools.islice((f"{line}\n" for line in block["examples"].splitlines()), LINES))
        (nlu / path.name).write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    config = yaml.safe_load((ROOT / "config.yml").read_text("utf-8"))
    for component in config["pipeline"]:
        if component["name"].endswith("NoisyCopies"):
            component.update(copies=0, data=str(nlu.parent))
        if component["name"].endswith("E5Featurizer"):
            component.update(layers="", cache=str(folder / "vectors.sqlite"))
    (folder / "config.yml").write_text(yaml.safe_dump(config), "utf-8")
    result = train(
        domain=str(ROOT / "domain.yml"),
        config=str(folder / "config.yml"),
        training_files=[str(nlu.parent), str(ROOT / "data" / "rules")],
        output=str(folder / "models"),
        force_training=True,
    )
    assert result.code == 0
    assert result.model
    return Path(result.model)
