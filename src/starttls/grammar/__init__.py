"""Wire shapes that at least two protocols share."""
