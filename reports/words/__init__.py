"""The words for numbers: what a page or a mail may say about them. No HTML."""
