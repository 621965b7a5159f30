"""The person's side: parse, call one operation, present."""
