"""The packs and requirement registers that come with the product."""

from __future__ import annotations

import itertools
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent.parent / "policies"
REGISTERS = FOLDER / "registers"
PROCESSES = REGISTERS / "PCF_processes.csv"
"""The tree of processes under which the practices of the register PCF stand."""


def files() -> list[Path]:
    """The shipped packs, by name."""
    return sorted(FOLDER.glob("*.yaml"))


def titles(language: str) -> dict[str, str]:
    """The shipped packs by code, with their titles; only the heads of the files are read."""
    wanted = "title_en:" if language == "en" else "title:"
    found = {}
    for path in files():
        found[path.stem] = path.stem
        with path.open(encoding="utf-8-sig") as lines:
            for line in itertools.islice(lines, 20):
                if line.startswith(wanted):
                    found[path.stem] = line.removeprefix(wanted).strip().strip("\"'")
    return found


def text(code: str) -> str | None:
    """The shipped pack with this code, None where none has it."""
    return next((path.read_text(encoding="utf-8-sig") for path in files() if path.stem == code), None)


def register_files() -> list[Path]:
    """The shipped registers of requirement rows, by name: one for each source document."""
    return sorted(path for path in REGISTERS.glob("*.csv") if path != PROCESSES)
