"""A mail server that keeps what it gets as files: to try Antler's mails with, and for its tests.

It listens on a free port of 127.0.0.1, prints the port, and runs until it is ended. Each mail is a file of the
folder, whole or not there. With a name and a password it takes mails only after a login.
Invariant: with starttls or tls it takes nothing unencrypted. It hands no mail on to anybody.
"""

import argparse
import asyncio
import os
import ssl

from aiosmtpd.smtp import SMTP, AuthResult


class Keeper:
    """Keeps mails. One to an address that begins with "nobody" is refused for good, "later" for now."""

    def __init__(self, folder):
        self.folder = folder
        self.count = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody"):
            return "550 5.1.1 there is no such mailbox"
        if address.startswith("later"):
            return "451 4.2.0 try again later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 taken"

    async def handle_DATA(self, server, session, envelope):
        self.count += 1
        path = os.path.join(self.folder, f"{self.count}.eml")
        with open(path + ".draft", "wb") as file:
            file.write(envelope.content)
        os.rename(path + ".draft", path)
        return "250 2.0.0 kept"


def parsed():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--security", choices=["none", "starttls", "tls"], default="none")
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--user", default="")
    parser.add_argument("--password", default="")
    return parser.parse_args()


async def serve(arguments):
    context = None
    if arguments.security != "none":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(arguments.certificate, arguments.key)
    is_starttls = arguments.security == "starttls"
    wanted = (arguments.user.encode(), arguments.password.encode())

    def authenticate(server, session, envelope, mechanism, data):
        # Not handled: the library is to answer a wrong login.
        return AuthResult(success=(data.login, data.password) == wanted, handled=False)

    keeper = Keeper(arguments.folder)

    def connection():
        return SMTP(
            keeper,
            hostname="localhost",
            tls_context=context if is_starttls else None,
            require_starttls=is_starttls,
            authenticator=authenticate,
            auth_required=bool(arguments.user),
            auth_require_tls=is_starttls,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        connection, "127.0.0.1", 0, ssl=context if arguments.security == "tls" else None
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(serve(parsed()))
