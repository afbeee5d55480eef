"""What happens to every request: a span, security headers, a metric, a log line, and no exception text ever."""

from __future__ import annotations

import time

import structlog
from prometheus_client import Counter, Histogram
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.intake.api.problems import INTERNAL, UNAVAILABLE, ProblemError
from services.kit.errors import InfrastructureError
from services.kit.logs import exception_fields
from services.kit.telemetry import span

log = structlog.get_logger()

REQUESTS = Counter("saferoute_http_requests_total", "Requests answered", ["method", "route", "status"])
SECONDS = Histogram(
    "saferoute_http_request_seconds",
    "Time to answer",
    ["route"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
)

RETRY_AFTER_SECONDS = "2"
"""A database that restarts takes about this long."""
KNOWN_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""A metric's label must not be whatever a client writes."""
NO_ROUTE = "none"

SECURITY_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "interest-cohort=()",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
"""OWASP ASVS 5, section 3.4. A route may set one of its own."""


class Door:
    """ASGI middleware: the boundary behind which no exception goes on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        started, status = time.perf_counter(), 0

        async def send_safely(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        with span("intake http"):  # a trace of our own: sixteen bytes of a client's choice would travel to the end
            problem = await self._run(scope, receive, send_safely)
            if problem is not None and status == 0:
                await problem.response()(scope, receive, send_safely)
        self._count(scope, status, time.perf_counter() - started)

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> ProblemError | None:
        try:
            await self._app(scope, receive, send)
        except ProblemError as problem:
            return problem
        except InfrastructureError as error:
            log.warning("http.unavailable", part=error.part)
            return ProblemError(UNAVAILABLE, headers={"Retry-After": RETRY_AFTER_SECONDS})
        except Exception as error:  # noqa: BLE001 - the boundary: an exception's text may hold what was posted
            log.error("http.failed", **exception_fields(error))  # noqa: TRY400 - no exception text
            return ProblemError(INTERNAL)
        return None

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", NO_ROUTE)
        method = scope["method"] if scope["method"] in KNOWN_METHODS else "other"
        REQUESTS.labels(method, route, str(status)).inc()
        SECONDS.labels(route).observe(seconds)
        if not route.startswith(("/health", "/metrics")):
            log.info("http.answered", method=method, route=route, status=status, milliseconds=round(seconds * 1000, 1))
