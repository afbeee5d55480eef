"""What notify reaches: its database, the mail server, the templates on disk."""
