"""The first pages, and what stands around every page: alarms, and numbers in the menu."""
