"""One function per action: load, ask the domain, record. The transaction is opened and ended elsewhere."""
