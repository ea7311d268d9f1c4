"""Renderers over one model: the same observations, for people and for programs."""
