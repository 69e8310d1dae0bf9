"""`partner-simulator`: a bank in a box, which plays a partner over real HTTP against a running service."""
