"""Page assets from node_modules: only what assets.json names, and the icons that are used as one SVG sprite. The face that
papers are set in comes the same way into a folder of its own: nobody fetches ten megabytes of it, so it is no static file."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

MANIFEST = Path(__file__).with_name("assets.json")
FACES = Path(__file__).with_name("faces")
_SVG = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
_FRAME = re.compile(r'<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>')


def manifest() -> dict[str, Any]:
    """The served files and the faces (where to -> where from in node_modules), the sprite's place and the icons' names."""
    loaded: dict[str, Any] = json.loads(MANIFEST.read_text(encoding="utf-8"))
    return loaded


def icon_names() -> frozenset[str]:
    """Names that `{% icon %}` may use."""
    return frozenset(manifest()["icons"])


def icon_source(root: Path, name: str) -> Path:
    """Where the outline of an icon lies under the project's node_modules."""
    return root / "node_modules" / "@tabler" / "icons" / "icons" / "outline" / f"{name}.svg"


def sprite(root: Path, names: list[str]) -> str:
    """One SVG document with a symbol per icon; raises FileNotFoundError for a name that does not exist."""
    symbols = []
    for name in sorted(names):
        found = _SVG.search(icon_source(root, name).read_text(encoding="utf-8"))
        if found is None:
            raise ValueError(f"{name}.svg holds no drawing")
        drawing = re.sub(r"\s*\n\s*", "", _FRAME.sub("", found[1]).strip())
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{drawing}</symbol>')
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>\n'


def build(root: Path, out: Path) -> list[Path]:
    """Makes `out` anew from `root`/node_modules and returns what was written. `out` is a root of static files."""
    listed = manifest()
    fresh = _copied(root, out, listed["files"])
    place = fresh / listed["sprite"]
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(sprite(root, listed["icons"]), encoding="utf-8")
    return [*_put(fresh, out, listed["files"]), out / listed["sprite"]]


def build_faces(root: Path, out: Path) -> list[Path]:
    """Makes `out` anew with the faces that papers embed and their licences, and returns what was written."""
    listed = manifest()["faces"]
    return _put(_copied(root, out, listed), out, listed)


def _copied(root: Path, out: Path, listed: dict[str, str]) -> Path:
    """The named files, in a new folder beside `out`."""
    fresh = out.with_name(out.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    for target, source in listed.items():
        place = fresh / target
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / "node_modules" / source, place)
    return fresh


def _put(fresh: Path, out: Path, listed: dict[str, str]) -> list[Path]:
    """Puts the new folder in the place of the old one."""
    shutil.rmtree(out, ignore_errors=True)
    fresh.rename(out)
    return [out / target for target in listed]
