"""How things look: colours, number formats, charts."""
