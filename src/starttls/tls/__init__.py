"""TLS over memory BIOs: sessions, contexts, certificates; no sockets."""
