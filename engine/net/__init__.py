"""The only HTTP client: outbound guard, timeouts, connection pools."""
