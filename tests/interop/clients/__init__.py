"""What the tests of our server need to meet real clients: certificates, our server in a thread, programs."""
