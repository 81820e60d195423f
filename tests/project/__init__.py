"""The house's own checks: laws over the manifest and the files, so that a wall stays where it is."""
