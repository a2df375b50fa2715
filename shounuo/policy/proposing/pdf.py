"""Run as a process of its own: a PDF on standard input, its pages' text as JSON on standard output.

A PDF is a program of sorts, and this one may have been made to hang or to eat memory: the process limits its own time
and memory, and whoever started it waits only so long. It imports nothing of the project.
"""

from __future__ import annotations

import io
import json
import sys

MAX_PAGES = 400
CPU_SECONDS = 30
MEMORY = 1536 * 1024 * 1024


def pages(data: bytes) -> dict[str, object]:
    """`{"pages": [text, ...]}`, or `{"problem": encrypted | too_many_pages | damaged}`."""
    from pypdf import PdfReader
    from pypdf.errors import FileNotDecryptedError, PyPdfError

    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            return {"problem": "encrypted"}
        if len(reader.pages) > MAX_PAGES:
            return {"problem": "too_many_pages"}
        return {"pages": [page.extract_text() or "" for page in reader.pages]}
    except FileNotDecryptedError:
        return {"problem": "encrypted"}
    except (
        PyPdfError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        RecursionError,
        MemoryError,
        OSError,
    ):
        return {"problem": "damaged"}


def main() -> None:
    if sys.platform != "win32":  # there the caller's patience is the only limit
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    sys.stdout.write(json.dumps(pages(sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()
