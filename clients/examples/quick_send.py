"""Sends a message to a number and prints what was answered.  AVANAK_URL, AVANAK_TOKEN; MESSAGE_ID NUMBER."""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))
from avanak_client import Avanak

avanak = Avanak(os.environ["AVANAK_URL"], os.environ["AVANAK_TOKEN"])
message_id, number = int(sys.argv[1]), sys.argv[2]
sys.stdout.write(json.dumps(avanak.quick_send(number, message_id, reference="order 12", key="order-12")))
