"""What operations run beside the services: provisioning of a broker and databases, keys, dead letters, the doctor."""
