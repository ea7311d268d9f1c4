"""Measurements. Each module prints its table and returns its figures; nothing here is a test."""
