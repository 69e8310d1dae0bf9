"""What is the same for every tenant, as data with sources: national limits and the lists of codes."""
