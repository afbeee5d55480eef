"""Intake's HTTP door. It reads, refuses and answers; what happens to a referral is in `handlers`."""
