"""Payment providers: where a payer is sent, and whether the payment was made.  They do not use the database.

`ZarinPal` speaks the REST protocol v4 as published (zarinpal.com/docs/paymentGateway):
POST <base>/pg/v4/payment/request.json gives an `authority`, the payer goes to
<base>/pg/StartPay/<authority> and comes back to the callback address with
`Authority` and `Status` (OK or NOK), POST <base>/pg/v4/payment/verify.json with
authority and amount answers 100 (verified now) or 101 (verified before).
Only the verification counts: what a browser brings proves nothing.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, Protocol

import requests

from engine.config import Settings
from engine.errors import AvanakError, BadInput

ZARINPAL, TEST, RECEIPT = "zarinpal", "test", "receipt"
TIMEOUT_S = 15.0
PUBLISHED_URL = "https://payment.zarinpal.com"


class ProviderDown(AvanakError):
    """The provider cannot be reached or its answer is not understood: the outcome is unknown, try again later."""

    http_status = 503


class ProviderRefused(AvanakError):
    """The provider refused a request; the text says why."""

    exit_status = 2
    http_status = 502


@dataclass(frozen=True, slots=True)
class Begun:
    """A payment that the provider knows: its name for it, and where the payer is sent."""

    authority: str
    url: str


@dataclass(frozen=True, slots=True)
class PaymentAnswer:
    """What the provider says of a payment: paid, not paid (yet), or never to be."""

    is_paid: bool
    is_final: bool
    reference: str = ""
    card: str = ""  # masked
    reason: str = ""


class Provider(Protocol):
    """What `payments` asks of a provider."""

    name: str
    is_real: bool  # false: no money moves, and the pages say so

    def begin(self, amount: int, callback_url: str, description: str, order: str, mobile: str) -> Begun:
        """Announce a payment of `amount` Rials.  Raises ProviderDown, ProviderRefused."""

    def verify(self, authority: str, amount: int, payer_says_paid: bool = False) -> PaymentAnswer:
        """Ask whether it was paid.  Safe to repeat.  Raises ProviderDown when that is not known.

        `payer_says_paid`: the payer's browser came back and says so, which proves nothing to a real one.
        """


class ZarinPal:
    """The gateway of zarinpal.com."""

    name = ZARINPAL
    is_real = True
    # Codes of verify after which nothing more comes: another amount, another shop's, unknown.
    # Not -51: «not successful» is also said of one that is still being paid.
    _FINAL = frozenset({-50, -53, -54, -55})

    def __init__(self, merchant_id: str, base_url: str = PUBLISHED_URL, timeout_s: float = TIMEOUT_S):
        self.merchant_id = merchant_id
        self.base_url = base_url.rstrip("/")
        self.timeout_s = timeout_s

    def begin(self, amount: int, callback_url: str, description: str, order: str, mobile: str) -> Begun:
        metadata = {"order_id": order, **({"mobile": mobile} if mobile else {})}
        data, errors = self._post(
            "request",
            {
                "amount": amount,
                "currency": "IRR",
                "callback_url": callback_url,
                "description": description[:500],
                "metadata": metadata,
            },
        )
        authority = str(data.get("authority") or "")
        if data.get("code") != 100 or not authority:
            raise ProviderRefused("ZarinPal did not take the payment: %(why)s", why=_reason(data, errors))
        return Begun(authority, f"{self.base_url}/pg/StartPay/{authority}")

    def verify(self, authority: str, amount: int, payer_says_paid: bool = False) -> PaymentAnswer:
        data, errors = self._post("verify", {"amount": amount, "authority": authority})
        code = data.get("code", errors.get("code"))
        if code in (100, 101):
            return PaymentAnswer(
                True, True, str(data.get("ref_id") or ""), str(data.get("card_pan") or "")[:30]
            )
        if not isinstance(code, int):
            raise ProviderDown("ZarinPal's answer to a verification has no code.")
        return PaymentAnswer(False, code in self._FINAL, reason=_reason(data, errors))

    def _post(self, method: str, body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """(data, errors) of an answer; ZarinPal writes an empty list for the one that does not apply."""
        try:
            answer = requests.post(
                f"{self.base_url}/pg/v4/payment/{method}.json",
                json={"merchant_id": self.merchant_id, **body},
                headers={"Accept": "application/json"},
                timeout=self.timeout_s,
                allow_redirects=False,
            )
            document = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise ProviderDown("ZarinPal cannot be reached: %(why)s.", why=type(error).__name__) from error
        if not isinstance(document, dict) or answer.status_code >= 500:
            raise ProviderDown("ZarinPal answered %(status)s without sense.", status=answer.status_code)
        data, errors = document.get("data"), document.get("errors")
        return (data if isinstance(data, dict) else {}), (errors if isinstance(errors, dict) else {})


def _reason(data: dict[str, Any], errors: dict[str, Any]) -> str:
    known = errors or data
    return f"{known.get('message') or 'no reason given'} ({known.get('code', 'no code')})"[:200]


class TestProvider:
    """A provider for trials: a payer who comes back saying so has paid.  No money moves, and the pages say so."""

    __test__ = False  # pytest: this is no test
    name = TEST
    is_real = False

    def begin(self, amount: int, callback_url: str, description: str, order: str, mobile: str) -> Begun:
        authority = f"TEST{secrets.token_hex(16)}"
        mark = "&" if "?" in callback_url else "?"
        return Begun(authority, f"{callback_url}{mark}Authority={authority}&Status=OK")

    def verify(self, authority: str, amount: int, payer_says_paid: bool = False) -> PaymentAnswer:
        if not payer_says_paid:
            return PaymentAnswer(False, False, reason="Nobody came back from the test payment's page.")
        return PaymentAnswer(True, True, f"test-{authority[-8:]}")


def provider_of(settings: Settings, has_real_switch: bool) -> Provider:
    """ZarinPal when there is a merchant id, otherwise the test provider.

    Raises BadInput when test payments would pay for calls that cost real money, unless the setting
    AVANAK_TEST_PAYMENTS allows it.
    """
    merchant_id = settings.zarinpal_merchant_id.get_secret_value()
    if merchant_id:
        return ZarinPal(merchant_id, settings.zarinpal_url or PUBLISHED_URL)
    if has_real_switch and not settings.test_payments:
        raise BadInput(
            "There is a real switch and no payment provider: set AVANAK_ZARINPAL_MERCHANT_ID,"
            " or AVANAK_TEST_PAYMENTS=true to give credit for money that nobody paid."
        )
    return TestProvider()
