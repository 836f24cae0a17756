"""A campaign's life: made, checked, started, viewed, followed; its recipients, uploads and recordings."""
