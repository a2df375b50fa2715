"""The packs and requirement registers that come with the product."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent.parent / "policies"
REGISTERS = FOLDER / "registers"
PROCESSES = REGISTERS / "PCF_processes.csv"
"""The tree of processes under which the practices of the register PCF stand."""


def files() -> list[Path]:
    """The shipped packs, by name."""
    return sorted(FOLDER.glob("*.yaml"))


def register_files() -> list[Path]:
    """The shipped registers of requirement rows, by name: one for each source document."""
    return sorted(path for path in REGISTERS.glob("*.csv") if path != PROCESSES)
