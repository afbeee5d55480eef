"""The vocabulary of detection: layers, labels and findings."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

Layer = Literal["record", "structured", "context", "places", "lexicon", "tagger"]
"""Each layer is one recogniser and can be switched off for ablation."""

ALL_LAYERS: frozenset[Layer] = frozenset(get_args(Layer))

FLOOR_LAYERS: frozenset[Layer] = ALL_LAYERS - {"tagger"}
"""What needs no trained model."""

Label = Literal[
    "PERSON",
    "DOB",
    "HANDLE",
    "SCHOOL",
    "PLACE",
    "POSTCODE",
    "PHONE",
    "EMAIL",
    "URL",
    "IP",
    "UPN",
    "ULN",
    "NHS_NUMBER",
    "NINO",
    "VEHICLE_REG",
    "CASE_REF",
    "ID_OTHER",
]
"""What a span is. The label chooses the pseudonym; it never decides whether to redact."""

LABELS: tuple[Label, ...] = get_args(Label)


class Finding(NamedTuple):
    """One identifying stretch of the normalised text: offsets in code points, end exclusive.

    `reason` is a stable phrase for `--explain`, never a piece of the text. `identity` is the record's key for
    who or what it is ("learner:0", "contact:0.1", "school"), or None where the record does not say.
    """

    start: int
    end: int
    label: Label
    layer: Layer
    reason: str
    identity: str | None = None
