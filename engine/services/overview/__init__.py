"""What the first pages show of everything: what waits, what is wrong, how the trunks are used."""
