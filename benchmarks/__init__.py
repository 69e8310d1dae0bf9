"""How many requests a second the service answers, beside what the framework and the database could do."""
