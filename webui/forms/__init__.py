"""Common parts of pages: form fields, paging, downloads."""
