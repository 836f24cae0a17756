"""What the first pages show: pending work, alarms, and the use of the trunks."""
