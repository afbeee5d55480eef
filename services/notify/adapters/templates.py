"""Messages from versioned template files: `templates/<language>/<version>/`. Plain text and HTML of the same."""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from pathlib import Path
from typing import Final

from jinja2 import BaseLoader, FileSystemLoader, StrictUndefined, TemplateError, meta
from jinja2.sandbox import SandboxedEnvironment

from services.notify.domain.mail import Mail, MailContext
from services.notify.domain.template_lint import lint

VERSION = "v1"
"""Templates are data of their own version: a change of words that matters is a new folder."""

FOLDER: Final = Path(__file__).parent.parent / "templates"
PARTS: Final = ("mail.subject.j2", "mail.txt.j2", "mail.html.j2", "opening.j2")
FIELDS: Final = frozenset(field.name for field in dataclasses.fields(MailContext))


class TemplateFaultError(Exception):
    """A template is missing, broken or says what none may. The message names the file and the fault."""


class MailTemplates:
    """Writes messages in one language. Templates are read and checked when this is made."""

    def __init__(self, language: str, folder: Path = FOLDER) -> None:
        self._environment = _environment(FileSystemLoader(folder / language / VERSION))
        faults = [fault for part in PARTS for fault in _faults(self._environment, part)]
        if faults:
            raise TemplateFaultError("; ".join(faults))

    def write(self, context: MailContext, *, to: str, message_id: uuid.UUID, date: dt.datetime) -> Mail:
        """The message of `context`."""
        fields = {name: getattr(context, name) for name in FIELDS}
        fields["opening"] = self._environment.get_template("opening.j2").render(fields)
        subject, text, html = (self._environment.get_template(part).render(fields) for part in PARTS[:3])
        return Mail(
            to=to,
            subject=" ".join(subject.split()),
            text=text.strip() + "\n",
            html=html.strip() + "\n",
            message_id=str(message_id),
            date=date,
            urgent=context.urgency in ("IMMEDIATE", "URGENT"),
            maybe_duplicate=context.maybe_duplicate,
        )


def _environment(loader: BaseLoader) -> SandboxedEnvironment:
    """A sandbox in which an unknown name is an error and HTML is escaped."""
    return SandboxedEnvironment(
        loader=loader,
        undefined=StrictUndefined,
        autoescape=lambda name: name is not None and ".html." in name,
        trim_blocks=False,
        auto_reload=False,
        keep_trailing_newline=False,
    )


def _faults(environment: SandboxedEnvironment, part: str) -> list[str]:
    fault = None
    try:
        source, _, _ = (environment.loader or FileSystemLoader([])).get_source(environment, part)
        names = meta.find_undeclared_variables(environment.parse(source))
    except TemplateError as error:
        fault = f"{part}: {type(error).__name__}"
    if fault is not None:
        return [fault]
    return [f"{part}: {words}" for words in lint(source, names, FIELDS | {"opening"})]
