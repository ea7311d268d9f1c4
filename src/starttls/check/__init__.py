"""What a peer can rely on here, and what an attacker can take away."""
