"""Messages into a channel of Slack or Teams: what they say, in the channel's format."""

from __future__ import annotations

from typing import get_args

from foundation.settings.company import ChannelName
from reports.post.channels import slack, teams
from reports.post.channels.card import Card, Post

CHANNELS: tuple[ChannelName, ...] = get_args(ChannelName)
NAMES: dict[str, str] = {"slack": "Slack", "teams": "Teams"}
SETTING: dict[str, str] = {"slack": "SLACK_WEBHOOK_URL", "teams": "TEAMS_WEBHOOK_URL"}
"""Channel -> the environment variable with its webhook."""


def post_of(channel: str, card: Card) -> Post:
    """The message of a channel."""
    payload = {"slack": slack.payload, "teams": teams.payload}[channel](card)
    return Post(card.subject, payload)
