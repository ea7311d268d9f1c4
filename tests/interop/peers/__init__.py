"""Peers that speak through TLS libraries other than OpenSSL and GnuTLS, and what those libraries need to run."""
