"""The fuzz targets: one for each protocol and role."""
