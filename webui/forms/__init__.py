"""What pages share: forms' fields, paging, downloads."""
