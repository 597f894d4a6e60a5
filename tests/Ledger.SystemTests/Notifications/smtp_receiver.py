"""A real SMTP server for the tests: aiosmtpd, which takes every mail, reads it with Python's parser and writes it to a folder, one JSON
file a mail.

An address that begins with "refused" is refused for good, one that begins with "later" for now. One like rcpt-554-5.7.1@example.com names
where it is refused (mail, rcpt or data) and with which codes; the words quote the address, as those of real servers do.
"""
import argparse
import asyncio
import email
import email.policy
import itertools
import json
import pathlib
import re
import ssl

from aiosmtpd.smtp import SMTP, AuthResult


def refusal(address, command):
    named = re.match(rf"{command}-(\d\d\d)(?:-(\d\.\d\.\d))?@", address)
    return f"{named[1]} {named[2] + ' ' if named[2] else ''}<{address}>: no" if named else None


class Folder:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.numbers = itertools.count(len(list(self.folder.glob("*.json"))))

    async def handle_MAIL(self, server, session, envelope, address, options):
        if answer := refusal(address, "mail"):
            return answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if answer := refusal(address, "rcpt"):
            return answer
        if address.startswith("refused"):
            return f"550 5.1.1 <{address}>: no such mailbox"
        if address.startswith("later"):
            return f"450 4.2.0 <{address}>: try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if answer := refusal(envelope.rcpt_tos[0], "data"):
            return answer
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = [part for part in mail.walk() if not part.is_multipart()]
        report = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "tls": session.ssl is not None,
            "user": session.auth_data.decode() if session.auth_data else None,
            "headers": {name: str(value) for name, value in mail.items()},
            "type": mail.get_content_type(),
            "parts": [{"type": part.get_content_type(), "text": part.get_content()} for part in parts],
            "defects": [repr(defect) for part in mail.walk() for defect in part.defects],
        }
        number = next(self.numbers)
        fresh = self.folder / f"{number:04}.new"
        fresh.write_text(json.dumps(report))
        fresh.rename(self.folder / f"{number:04}.json")
        return "250 OK"


def authenticator(expected):
    def check(server, session, envelope, mechanism, data):
        good = f"{data.login.decode()}:{data.password.decode()}" == expected
        return AuthResult(success=good, handled=good, auth_data=data.login)
    return check


async def main():
    options = argparse.ArgumentParser()
    options.add_argument("--folder", required=True)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--certificate")
    options.add_argument("--login")
    options.add_argument("--mechanism")
    options.add_argument("--smtps", action="store_true")
    given = options.parse_args()
    settings = {}
    context = None
    if given.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(given.certificate)
        if not given.smtps:
            settings |= {"tls_context": context, "require_starttls": True}
    if given.login:
        settings |= {"authenticator": authenticator(given.login), "auth_required": True}
        settings |= {"auth_require_tls": bool(given.certificate) and not given.smtps}
    if given.mechanism:
        settings |= {"auth_exclude_mechanism": [name for name in ("PLAIN", "LOGIN") if name != given.mechanism]}
    folder = Folder(given.folder)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(folder, hostname="localhost", **settings), "127.0.0.1", given.port, ssl=context if given.smtps else None)
    print("listening", flush=True)
    async with server:
        await server.serve_forever()


asyncio.run(main())
