"""Sending mails: who gets one, once each, and what the operator must know."""
