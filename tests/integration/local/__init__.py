"""The embedded parts, each as a real process."""
