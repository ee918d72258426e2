"""The Process API: ``POST /api/v1/process``. schema → translate → routes."""
