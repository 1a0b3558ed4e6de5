"""Mail by SMTP: one thread a problem, a text and an HTML part, the server named in the environment.

The variables are listed in ``docs/settings.md``.
"""

from __future__ import annotations

import os
import re
import smtplib
import socket
import ssl
from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from plumbline.domain import PlumblineError
from plumbline.domain.messages import message
from plumbline.respond import text
from plumbline.respond.http import HttpReply, strip_control_characters

HOST, PORT, SENDER = "PLUMBLINE_SMTP_HOST", "PLUMBLINE_SMTP_PORT", "PLUMBLINE_SMTP_FROM"
USER, PASSWORD, SECURITY = "PLUMBLINE_SMTP_USER", "PLUMBLINE_SMTP_PASSWORD", "PLUMBLINE_SMTP_SECURITY"
SECURITIES = ("starttls", "tls", "none")
TIMEOUT = 20.0  # seconds, of each step of the conversation
_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")


def _setting(name: str, otherwise: str = "") -> str:
    return os.environ.get(name, "").strip() or otherwise


def send(mailboxes: tuple[str, ...], payload: Mapping[str, Any], at: datetime) -> HttpReply:
    """Hand one mail to the server; a fault is a sentence, never an exception.

    A server that took it for some and not for others counts as having taken it; the receipt names how many.
    """
    try:
        host, sender = _server()
        message = compose_mail(mailboxes, sender, payload, at)
        with _connect(host) as server:
            refused = server.send_message(message, from_addr=sender, to_addrs=list(mailboxes))
    except PlumblineError as error:
        return HttpReply(error=str(error), unreached=True)
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        return HttpReply(
            status=_status(min(codes)), error=f"The mail server refused every address ({min(codes)})"
        )
    except smtplib.SMTPAuthenticationError as error:
        text = f"The mail server did not take the user name and password ({error.smtp_code})"
        return HttpReply(error=text, unreached=True)
    except smtplib.SMTPResponseException as error:
        text = strip_control_characters(_words(error.smtp_error))[:200]
        return HttpReply(
            status=_status(error.smtp_code), error=f"The mail server answered {error.smtp_code}: {text}"
        )
    except (smtplib.SMTPException, ssl.SSLError):
        return HttpReply(
            error="The mail server broke the conversation off, or does not speak TLS as it should"
        )
    except TimeoutError:
        return HttpReply(error=f"The mail server gave no answer within {TIMEOUT:g} seconds")
    except OSError as error:
        text = f"The mail server cannot be reached: {(error.strerror or 'its name is not known').lower()}"
        return HttpReply(error=text, unreached=isinstance(error, (ConnectionRefusedError, socket.gaierror)))
    got = len(mailboxes) - len(refused)
    return HttpReply(status=250, text=f"taken by the mail server for {got} of {len(mailboxes)}")


def _words(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said


def _status(code: int) -> int:
    """A reply code of SMTP as a status: 4xx passes by itself, 5xx does not (RFC 5321, 4.2.1)."""
    return 503 if code < 500 else 400


def _server() -> tuple[str, str]:
    host, sender = _setting(HOST), _setting(SENDER, _setting(USER))
    if not host or not sender:
        raise PlumblineError(
            message("No mail server is named: {host} and {sender} are not set", host=HOST, sender=SENDER),
            todo="Set them where Plumbline runs.",
        )
    return host, text.line(sender, 200)


def _connect(host: str) -> smtplib.SMTP:
    security = _setting(SECURITY, "starttls").lower()
    if security not in SECURITIES:
        raise PlumblineError(
            message("{security} is none of {names}", security=SECURITY, names=", ".join(SECURITIES))
        )
    number = _setting(PORT, "465" if security == "tls" else "587")
    if not number.isdecimal():
        raise PlumblineError(message("{port} is no number", port=PORT))
    context = ssl.create_default_context()
    if security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, int(number), timeout=TIMEOUT, context=context)
    else:
        server = smtplib.SMTP(host, int(number), timeout=TIMEOUT)
    try:
        if security == "starttls":
            server.starttls(context=context)
        if _setting(USER) and _setting(PASSWORD):
            server.login(_setting(USER), _setting(PASSWORD))
    except BaseException:
        server.close()
        raise
    return server


def compose_mail(
    mailboxes: tuple[str, ...], sender: str, payload: Mapping[str, Any], at: datetime
) -> EmailMessage:
    """A mail: its id is the message's, and it refers to the first one of its thread.

    Every foreign text is one line without control characters before it comes near a header, and the policy refuses
    a header that holds the end of a line all the same.
    """
    message = EmailMessage(policy=SMTP)
    domain = _PLAIN.sub("", sender.rpartition("@")[2]) or "localhost"
    message["Subject"] = text.subject(payload)
    message["From"] = sender
    message["To"] = ", ".join(mailboxes)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{_PLAIN.sub('-', str(payload['id']))}@{domain}>"
    root = f"<{_PLAIN.sub('-', str(payload['data']['thread']))}@{domain}>"
    message["References"] = root
    message["In-Reply-To"] = root
    message["Auto-Submitted"] = "auto-generated"
    message["X-Plumbline-Event"] = text.line(payload["type"], 80)
    message.set_content(text.plain_text(payload))
    message.add_alternative(text.html(payload), subtype="html")
    return message
