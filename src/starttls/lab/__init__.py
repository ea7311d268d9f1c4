"""Peers that misbehave on purpose, to test the software of others."""
