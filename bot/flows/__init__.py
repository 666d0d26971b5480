"""The two long conversations as pure state machines: what was said goes in, the names of responses come out."""
