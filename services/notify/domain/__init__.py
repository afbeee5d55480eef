"""Notify's decisions without I/O: instants, ids and the policy pack are arguments."""
