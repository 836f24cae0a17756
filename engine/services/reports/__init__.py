"""Results as files: rows of a campaign, CSV and XLSX, streamed."""
