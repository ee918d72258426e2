"""Map tiles by z, x, y: ``GET /tiles/…``. schema → translate → routes."""
