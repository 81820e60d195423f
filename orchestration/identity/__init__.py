"""Who is who, looked at from outside the models: how right the identity graph is, and why it says what it says."""
