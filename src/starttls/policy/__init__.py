"""What a sender must demand, learned over another, authenticated way: pure, no I/O, no clock."""
