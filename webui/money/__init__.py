"""Pages of balance, payments, receipts and prices."""
