"""The mails, one folder each; `base` and `parts` are shared by all."""
