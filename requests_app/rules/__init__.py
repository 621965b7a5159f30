"""Law and policy as pure functions: no clock, no settings, no database, no Django."""
