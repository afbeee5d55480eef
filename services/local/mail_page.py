"""The mail catcher's page and its JSON: reads only, runs no script, and trusts nothing that a mail contains."""

from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from services.local.mail_store import CaughtMail, MailStore
from services.local.processes import LOOPBACK

LISTED = 200
"""Mails on the list page: more than one looks through, few enough to parse at each reload."""

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; frame-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""No script, no picture, no other host; only our stylesheet and the frame with the HTML part."""

MAIL_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""For a mail's own HTML: an origin of its own without scripts or forms, and it can load nothing."""

COMMON_HEADERS = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""On every answer."""


class MailPage:
    """The routes over one mail store."""

    def __init__(self, store: MailStore) -> None:
        self._store = store
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True, undefined=StrictUndefined
        )
        self._templates.filters["moment"] = _moment
        self._style = Path(__file__).with_name("templates").joinpath("mail.css").read_text()

    def app(self) -> Starlette:
        """The ASGI application. It answers only to loopback names, so that no web page can reach it by a name."""
        routes = [
            Route("/", self.list_page),
            Route("/mail.css", self.style),
            Route("/messages/{mail_id}", self.message_page),
            Route("/messages/{mail_id}/html", self.message_html),
            Route("/api/messages", self.api_list),
            Route("/api/messages/{mail_id}", self.api_message),
            Route("/api/messages/{mail_id}/raw", self.api_raw),
            Route("/health/live", self.health),
            Route("/health/ready", self.health),
        ]
        hosts = Middleware(TrustedHostMiddleware, allowed_hosts=[LOOPBACK, "localhost"])
        return Starlette(routes=routes, middleware=[hosts])

    def list_page(self, request: Request) -> Response:
        """Newest first; reloads itself."""
        ids = self._store.ids()
        mails = [mail for mail_id in reversed(ids[-LISTED:]) if (mail := self._store.read(mail_id)) is not None]
        return self._page("mails.html", mails=mails, total=len(ids))

    def message_page(self, request: Request) -> Response:
        """One mail: headers, the HTML part in a sealed frame, the plain part."""
        mail = self._wanted(request)
        return _not_found() if mail is None else self._page("mail.html", mail=mail)

    def message_html(self, request: Request) -> Response:
        """The mail's own HTML, under a policy that lets it do nothing."""
        mail = self._wanted(request)
        if mail is None or mail.html is None:
            return _not_found()
        return HTMLResponse(mail.html, headers={**COMMON_HEADERS, "Content-Security-Policy": MAIL_POLICY})

    def api_list(self, request: Request) -> Response:
        """Every mail, oldest first, without bodies."""
        return JSONResponse({"messages": [_summary(mail) for mail in self._store.all()]}, headers=COMMON_HEADERS)

    def api_message(self, request: Request) -> Response:
        """One mail with headers and bodies."""
        mail = self._wanted(request)
        if mail is None:
            return _not_found()
        whole = {**_summary(mail), "headers": mail.headers, "text": mail.text, "html": mail.html}
        return JSONResponse({**whole, "attachments": mail.attachments}, headers=COMMON_HEADERS)

    def api_raw(self, request: Request) -> Response:
        """The bytes as they came."""
        raw = self._store.raw(request.path_params["mail_id"])
        if raw is None:
            return _not_found()
        return Response(raw, media_type="text/plain", headers={**COMMON_HEADERS, "Content-Disposition": "attachment"})

    def style(self, request: Request) -> Response:
        """The stylesheet."""
        return Response(self._style, media_type="text/css", headers=COMMON_HEADERS)

    def health(self, request: Request) -> Response:
        """Answers as long as the process does."""
        return JSONResponse({"status": "ready"}, headers=COMMON_HEADERS)

    def _wanted(self, request: Request) -> CaughtMail | None:
        return self._store.read(request.path_params["mail_id"])

    def _page(self, template: str, **values: object) -> Response:
        body = self._templates.get_template(template).render(**values)
        return HTMLResponse(body, headers={**COMMON_HEADERS, "Content-Security-Policy": PAGE_POLICY})


def _summary(mail: CaughtMail) -> dict[str, object]:
    return {
        "id": mail.id,
        "received_at": mail.received_at.isoformat(),
        "from": mail.sender,
        "to": list(mail.recipients),
        "subject": mail.subject,
        "message_id": str(mail.message.get("Message-ID", "")),
        "size": mail.size,
    }


def _moment(value: datetime) -> str:
    return f"{value.astimezone():%d %b %Y, %H:%M:%S}"


def _not_found() -> Response:
    return PlainTextResponse("There is no such mail.\n", status_code=404, headers=COMMON_HEADERS)
