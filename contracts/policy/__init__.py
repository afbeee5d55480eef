"""The models of a policy pack. No I/O: reading a directory is `services.kit.policy_pack`."""

from contracts.policy.advice import Advice, ImmediateAction, ImmediateActionRule, Letter
from contracts.policy.conditions import Condition
from contracts.policy.destinations import Area, Clock, Destination, Ladder, LadderStep, Phone, Recipient
from contracts.policy.pack import Council, OfficeHoursSpec, Pack
from contracts.policy.parts import Source, Wait
from contracts.policy.rules import RANK, URGENCIES, Case, HeldRule, Rule

__all__ = [
    "RANK",
    "URGENCIES",
    "Advice",
    "Area",
    "Case",
    "Clock",
    "Condition",
    "Council",
    "Destination",
    "HeldRule",
    "ImmediateAction",
    "ImmediateActionRule",
    "Ladder",
    "LadderStep",
    "Letter",
    "OfficeHoursSpec",
    "Pack",
    "Phone",
    "Recipient",
    "Rule",
    "Source",
    "Wait",
]
