"""Making the ZIP that answers a request: what goes in, how it is laid out, digested and signed."""
