"""One person, for whoever serves them: read from the warehouse, masked, logged where shown in the clear, and told."""
