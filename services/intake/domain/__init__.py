"""What intake decides. Pure: instants, random numbers and keys are arguments."""
