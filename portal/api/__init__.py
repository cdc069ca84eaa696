"""The API: figures, records and goals as JSON, for programs with a token and for people who have signed
in."""
