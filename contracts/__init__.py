"""What the services say to each other: pydantic models, the topic registry and the one codec. No I/O."""
