"""placeholder until campaign_view"""
from engine.services import why
def why_text(look):
    import json
    if look.campaign.state!="running": return f"{look.campaign.state} {look.campaign.state_reason}"
    try: return why.sentence(look.pulse.reason, json.loads(look.pulse.details))
    except KeyError: return ""
