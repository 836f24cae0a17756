"""What leaves for people's mail, messengers and telephones: durable, each once in the books."""
