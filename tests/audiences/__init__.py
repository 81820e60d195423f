"""The room of audiences: members, changes, guards and what they say of themselves."""
