"""Upgrade a plaintext connection to TLS on the same port, and prove what the upgrade is worth."""
