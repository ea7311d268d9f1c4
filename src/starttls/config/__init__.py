"""Configuration: declare, load, render."""
