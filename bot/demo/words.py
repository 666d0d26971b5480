"""The words of the phones page and the suggested messages: data/demo/page.yml and data/demo/script.yml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from babel import Locale

from bot.i18n.languages import CODES, language


@dataclass(frozen=True)
class Words:
    """Everything the page says, by language code; `countries` are the two-letter codes phones may come from."""

    labels: Mapping[str, Mapping[str, str]]
    script: Mapping[str, tuple[str, ...]]
    countries: Mapping[str, tuple[str, ...]]
    carrier: Mapping[str, str]

    @classmethod
    def load(cls, folder: Path) -> Words:
        """From the files in data/demo; raises KeyError when a language is missing."""
        page = yaml.safe_load((folder / "page.yml").read_text("utf-8"))
        script = yaml.safe_load((folder / "script.yml").read_text("utf-8"))
        return cls(
            labels={code: {k: v for k, v in page[code].items() if k != "countries"} for code in CODES},
            script={code: tuple(line["text"] for line in script[code]) for code in CODES},
            countries={code: tuple(page[code]["countries"]) for code in CODES},
            carrier=page["carrier"],
        )

    @property
    def all_countries(self) -> tuple[str, ...]:
        """Every country once, in the order of the languages."""
        return tuple(dict.fromkeys(country for countries in self.countries.values() for country in countries))

    def shown(self) -> dict[str, Any]:
        """The JSON of the page."""
        return {
            code: {
                "code": code,
                "name": language(code).name,
                "direction": "rtl" if language(code).right_to_left else "ltr",
                "labels": self.labels[code],
                "script": self.script[code],
                "home": self.countries[code][0],
                "countries": {country: Locale.parse(code).territories[country] for country in self.all_countries},
            }
            for code in CODES
        }
