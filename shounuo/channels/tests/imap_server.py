"""A small IMAP server for tests: one folder, enough of RFC 3501 for what a fetcher asks, and ways to
misbehave.
"""

from __future__ import annotations

import re
import socketserver
import threading
from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass
class Mail:
    uid: int
    raw: bytes
    seen: bool = False
    day: date = field(default_factory=lambda: datetime(2026, 10, 10).date())


class ImapServer(socketserver.ThreadingTCPServer):
    """`mails` is the folder. `broken` UIDs answer NO to a body, `empty` ones come without it, `drop` hangs
    up after so many bodies, `needs_id` opens no folder before the ID command (as NetEase does).
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Talk)
        self.mails: list[Mail] = []
        self.validity = 7
        self.password = "secret"
        self.needs_id = True
        self.broken: set[int] = set()
        self.empty: set[int] = set()
        self.drop = 0
        self.said: list[str] = []
        self.deleted = False
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def add(self, raw: bytes, *, seen=False, day=None) -> int:
        uid = max((m.uid for m in self.mails), default=0) + 1
        self.mails.append(Mail(uid, raw, seen, day or datetime(2026, 10, 10).date()))
        return uid

    def renumber(self):
        self.validity += 1
        for n, mail in enumerate(self.mails, 1):
            mail.uid = n + 100


class Talk(socketserver.StreamRequestHandler):
    server: ImapServer

    def say(self, line: bytes) -> None:
        self.wfile.write(line + b"\r\n")

    def handle(self):
        identified = False
        self.say(b"* OK ready")
        while line := self.rfile.readline():
            tag, _space, rest = line.decode().strip().partition(" ")
            while (literal := re.search(r"\{(\d+)\}$", rest)) is not None:
                self.say(b"+ go on")
                rest = rest[: literal.start()] + self.rfile.read(int(literal[1])).decode()
                rest += self.rfile.readline().decode().rstrip()
            command = rest.upper()
            self.server.said.append(re.sub(r"LOGIN .*", "LOGIN", rest))
            t = tag.encode()
            if command.startswith("CAPABILITY"):
                self.say(b"* CAPABILITY IMAP4rev1 ID")
                self.say(t + b" OK done")
            elif command.startswith("LOGIN"):
                ok = self.server.password in rest
                self.say(t + (b" OK in" if ok else b" NO [AUTHENTICATIONFAILED] wrong password"))
            elif command.startswith("ID "):
                identified = True
                self.say(b'* ID ("name" "fake")')
                self.say(t + b" OK done")
            elif command.startswith(("SELECT", "EXAMINE")):
                if self.server.needs_id and not identified:
                    self.say(t + b" NO SELECT Unsafe Login. Please contact kefu@188.com for help")
                    continue
                following = max((m.uid for m in self.server.mails), default=0) + 1
                self.say(b"* %d EXISTS" % len(self.server.mails))
                self.say(b"* OK [UIDVALIDITY %d] ok" % self.server.validity)
                self.say(b"* OK [UIDNEXT %d] ok" % following)
                self.say(t + b" OK [READ-WRITE] done")
            elif command.startswith("UID SEARCH"):
                self.say(b"* SEARCH " + " ".join(str(u) for u in self.search(command)).encode())
                self.say(t + b" OK done")
            elif command.startswith("UID FETCH"):
                if not self.fetch(t, command):
                    return
            elif command.startswith("UID STORE"):
                wanted = uids_of(command.split()[2], self.server.mails)
                for mail in self.server.mails:
                    if mail.uid in wanted and "\\SEEN" in command:
                        mail.seen = True
                    if "\\DELETED" in command:
                        self.server.deleted = True
                self.say(t + b" OK done")
            elif command.startswith("LOGOUT"):
                self.say(b"* BYE bye")
                self.say(t + b" OK done")
                return
            elif command.startswith("NOOP"):
                self.say(t + b" OK done")
            else:
                self.server.deleted |= "EXPUNGE" in command
                self.say(t + b" BAD what")

    def search(self, command: str) -> list[int]:
        found = list(self.server.mails)
        if "UNSEEN" in command:
            found = [m for m in found if not m.seen]
        if (since := re.search(r"SINCE \"?(\d+-\w{3}-\d{4})", command)) is not None:
            day = datetime.strptime(since[1].title(), "%d-%b-%Y").date()
            found = [m for m in found if m.day >= day]
        if (span := re.search(r"SEARCH UID (\d+):\*", command)) is not None and found:
            last = max(m.uid for m in found)
            found = [m for m in found if m.uid >= int(span[1]) or m.uid == last]
        return [m.uid for m in found]

    def fetch(self, tag: bytes, command: str) -> bool:
        wanted = uids_of(command.split()[2], self.server.mails)
        body = "BODY.PEEK[]" in command
        if body and wanted & self.server.broken:
            self.say(tag + b" NO cannot read this one")
            return True
        for n, mail in enumerate(self.server.mails, 1):
            if mail.uid not in wanted:
                continue
            if not body:
                self.say(b"* %d FETCH (UID %d RFC822.SIZE %d)" % (n, mail.uid, len(mail.raw)))
            elif mail.uid in self.server.empty:
                self.say(b"* %d FETCH (UID %d BODY[] NIL)" % (n, mail.uid))
            else:
                if self.server.drop:
                    self.server.drop -= 1
                    if not self.server.drop:
                        self.wfile.write(
                            b"* %d FETCH (UID %d BODY[] {%d}\r\nhalf" % (n, mail.uid, len(mail.raw))
                        )
                        return False
                self.wfile.write(b"* %d FETCH (UID %d BODY[] {%d}\r\n" % (n, mail.uid, len(mail.raw)))
                self.wfile.write(mail.raw + b")\r\n")
        self.say(tag + b" OK done")
        return True


def uids_of(text: str, mails: list[Mail]) -> set[int]:
    found: set[int] = set()
    for part in text.split(","):
        first, _colon, last = part.partition(":")
        found |= set(range(int(first), int(last or first) + 1))
    return found & {m.uid for m in mails}
