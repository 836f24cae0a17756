"""What may be called and when: do-not-call lists, calling windows, kinds, caller ids, traffic caps."""
