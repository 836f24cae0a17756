"""How a switch behaves, as tests that run against the embedded one and a real FreeSWITCH alike."""
