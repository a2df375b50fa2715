"""A small HTTP client that costs the measured machine as little as possible: one socket, keep-alive, no parsing beyond
status and length."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


class Connection:
    """One keep-alive connection to 127.0.0.1; `ask` sends one request and reads its answer."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        self.port, self.headers = port, "".join(f"{k}: {v}\r\n" for k, v in headers.items())
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def ask(self, method: str, path: str, body: bytes = b"", extra: str = "") -> Answer:
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        assert self.reader is not None
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{self.headers}{extra}Content-Length: {len(body)}\r\n\r\n"
        self.writer.write(head.encode() + body)
        try:
            header = await self.reader.readuntil(b"\r\n\r\n")
            status = int(header[9:12])
            lower = header.lower()
            if b"content-length:" in lower:
                length = int(lower.split(b"content-length:")[1].split(b"\r\n")[0])
                content = await self.reader.readexactly(length)
            else:
                content = await self._chunks()
            return Answer(status, content)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.close()
            raise

    async def _chunks(self) -> bytes:
        assert self.reader is not None
        parts = []
        while True:
            size = int(await self.reader.readline(), 16)
            parts.append(await self.reader.readexactly(size))
            await self.reader.readexactly(2)
            if size == 0:
                return b"".join(parts)

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None
