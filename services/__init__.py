"""The four services, the kit they stand on, and the run that embeds them all."""
