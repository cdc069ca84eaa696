"""Sends mails: each to its recipients, once, and alerts to the operator."""
