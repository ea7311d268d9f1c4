"""Asks the world: DNS, HTTPS. What the answers mean is decided in `starttls.policy`."""
