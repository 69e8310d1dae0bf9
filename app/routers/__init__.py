"""One file per concept; a route is its path, its caller, its schemas, its failures, and one call."""
