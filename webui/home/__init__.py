"""The first pages, and the frame of every page: alarms, and numbers in the menu."""
