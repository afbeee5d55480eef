"""The shared runtime: a closed list of rooms that every service stands on. It knows no service."""
