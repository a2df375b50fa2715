"""The packs and requirement registers that come with the product."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent.parent / "policies"
REGISTERS = FOLDER / "registers"


def files() -> list[Path]:
    """The shipped packs, by name."""
    return sorted(FOLDER.glob("*.yaml"))


def register_files() -> list[Path]:
    """The shipped registers of requirement rows, by name."""
    return sorted(REGISTERS.glob("*.csv"))
