"""Identifiers as advertising companies compare them: by Google's rules and Meta's, each by the company's own library.

A module per company, and in it a function per rule, from the raw text to what is sent: SHA-256 in lower-case hex, or
plain text where the company wants it so. What can't be used is None, and never the hash of something empty or broken.
A SHA-256 that is given already stays as it is; what it was made of can't be seen.

They need the extra `advertising`, so import a module only where it is used.
"""
