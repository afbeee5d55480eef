"""Routing's decisions: pure functions over open facts, an instant and a policy pack."""

from services.routing.domain.decide import decide, decide_alert, decide_held

__all__ = ["decide", "decide_alert", "decide_held"]
