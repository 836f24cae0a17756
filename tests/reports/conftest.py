"""A campaign to report on."""

from tests.campaigns.conftest import account_id, campaign_id

__all__ = ["account_id", "campaign_id"]
