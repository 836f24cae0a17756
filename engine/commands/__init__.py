"""The commands of `avanakctl`, a module for each group."""
