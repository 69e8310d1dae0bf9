"""The channels by which something leaves for a partner: one file each, no transaction open while they work."""
