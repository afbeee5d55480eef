"""What identifies a person and what stands in for it: pure functions, no I/O, no clock, no Presidio."""
