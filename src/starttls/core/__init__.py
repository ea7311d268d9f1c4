"""The ground floor: one plaintext conversation, its record, its outcome and its errors. No I/O, no clock, no TLS."""
