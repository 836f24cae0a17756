"""Settings: each declared once, with its type, default, check and meaning.

They come from the environment (``AVANAK_*``) or from a file named by
``AVANAK_CONFIG`` (lines ``AVANAK_NAME=value``).  A secret can be given as ``AVANAK_NAME_FILE=/path``, so that no
listing of the environment shows it.
``avanakctl check-config`` prints all of them.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from engine.amounts import MAX_AMOUNT
from engine.errors import BadInput

CHECKOUT = Path(__file__).resolve().parent.parent


_SPAN = r"\s*\d{1,2}:\d{2}\s*-\s*\d{1,2}:\d{2}\s*"
_WINDOWS = rf"^({_SPAN}(,{_SPAN})*)?$"


class Settings(BaseSettings):
    """Everything that an installation can set."""

    model_config = SettingsConfigDict(env_prefix="AVANAK_", extra="ignore", frozen=True)

    data_dir: Path = Field(
        CHECKOUT / "var", description="Folder of the database, prompts, reports, keys and logs."
    )
    database_url: str = Field(
        "", description="sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME; empty: SQLite in data_dir."
    )
    switches: SecretStr = Field(
        SecretStr("embedded"),
        description="Switches, separated by blanks: `embedded`, or NAME=esl://:PASSWORD@HOST:PORT"
        " (NAME= may be left out).",
    )
    engine_name: str = Field("", description="Name of this engine process; empty: host name and process id.")
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")

    web_host: str = Field("127.0.0.1", description="Address the web UI listens on.")
    web_port: int = Field(8080, ge=0, le=65535, description="Port of the web UI; 0 takes a free one.")
    web_secure_cookies: bool = Field(
        False, description="Send session cookies over HTTPS only; switch on behind a TLS proxy."
    )
    web_trusted_proxies: int = Field(
        0, ge=0, le=5, description="How many proxies in front set X-Forwarded-For."
    )
    web_hosts: str = Field(
        "",
        description="Names under which the web UI is known, separated by blanks (.example.com: all below); empty: any.",
    )
    web_url: str = Field(
        "",
        pattern=r"^(https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?/?)?$",
        description="Address of the web UI as people open it (https://panel.example.com), for links in invitations, in"
        " messages and after payments; empty: such links are made only for who opens it on this machine.",
    )
    secret_key: SecretStr = Field(
        SecretStr(""), description="Key that signs sessions; empty: made at first start, kept in data_dir."
    )
    old_secret_keys: SecretStr = Field(
        SecretStr(""),
        description="Earlier values of AVANAK_SECRET_KEY, separated by blanks: they open what they sealed, sign nothing.",
    )
    low_credit_rials: int = Field(
        500_000, ge=0, description="Below so many Rials a customer is told that the credit is low; 0: never."
    )
    code_calls_an_hour: int = Field(
        300,
        ge=1,
        le=100_000,
        description="Calls an hour that speak codes (registration, passwords, addresses).",
    )
    session_hours: int = Field(
        12, ge=1, le=720, description="Hours after which a log-in ends, whatever is done."
    )
    session_idle_minutes: int = Field(
        120, ge=5, le=43_200, description="Minutes without use after which a log-in ends."
    )
    staff_second_factor: bool = Field(
        False, description="Staff set up a second factor (codes of an app) before they do anything else."
    )
    admin_password: SecretStr = Field(
        SecretStr(""), description="Password of `admin` at first start; empty: made up and printed once."
    )
    max_upload_mb: int = Field(200, ge=1, le=2000, description="Largest list or audio file that is taken.")

    timezone: str = Field("Asia/Tehran", description="Zone of calling windows and of dates on screen.")
    hours_advertising: str = Field(
        "09:30-14:00,16:30-22:00", pattern=_WINDOWS, description="Hours of advertising messages, local time."
    )
    hours_service: str = Field(
        "07:00-23:00", pattern=_WINDOWS, description="Hours of service messages; empty: any hour."
    )
    hours_emergency: str = Field(
        "", pattern=_WINDOWS, description="Hours of emergency messages; empty: any hour."
    )
    advertising_caller_prefix: str = Field(
        "0942",
        pattern=r"^(0\d{1,9})?$",
        description="First digits of every caller id of advertising calls; empty: any number.",
    )
    new_account_calls_an_hour: int = Field(
        3_000, ge=1, description="Calls an hour that an account may place before it has a usual hour."
    )
    growth_factor: float = Field(
        5.0, ge=1, le=1000, description="How many times its busiest usual hour an account may place calls."
    )
    rials_a_day: int = Field(
        0,
        ge=0,
        le=MAX_AMOUNT,
        description="Most Rials an account is charged in 24 hours unless staff say more; 0: no cap.",
    )
    piper_model: str = Field(
        "", description="File of a Piper voice (.onnx, its .json beside it); empty: espeak-ng speaks."
    )
    zarinpal_merchant_id: SecretStr = Field(
        SecretStr(""),
        description="Merchant id at ZarinPal, through which customers pay; empty: a test provider that moves no money.",
    )
    test_payments: bool = Field(
        False, description="Allow the test provider although a switch is a real one: credit for nothing."
    )
    zarinpal_url: str = Field("", description="Address of ZarinPal's gateway; empty: the published one.")
    default_area_code: str = Field(
        "", pattern=r"^(0\d{2})?$", description="Area code that completes 8-digit local numbers, e.g. 021."
    )
    default_cps: float = Field(30.0, gt=0, le=5000, description="CPS of a gateway that names none.")
    default_channels: int = Field(300, ge=1, le=100_000, description="Channels of a gateway that names none.")
    inbound_share: float = Field(
        0.1, ge=0, lt=1, description="Share of a switch's sessions and of its rate kept for inbound calls."
    )
    delivered_share: float = Field(
        1.0, gt=0, le=1, description="Share of a message that must be heard to count as delivered."
    )
    heard_tolerance_ms: int = Field(
        300, ge=0, le=5000, description="How far below the agreed point still counts as heard to it."
    )
    max_call_s: int = Field(660, ge=5, le=7200, description="Longest call that a campaign may ask for.")
    job_grace_s: float = Field(
        2.0, ge=0.1, le=60, description="Wait for the hang-up event after a failed originate's answer."
    )
    reaper_grace_s: float = Field(
        15.0, ge=1, le=600, description="How long past its time a call may stay before the switch is asked."
    )
    switch_wait_s: float = Field(
        300.0, ge=1, le=86_400, description="How long calls wait for a switch that has gone away."
    )
    records_secret: SecretStr = Field(
        SecretStr(""),
        description="Password with which switches on other machines post their call records; empty: none may.",
    )
    drain_s: float = Field(
        60.0, ge=0, le=3600, description="How long a stop waits for the calls that are up."
    )
    prompts_dir_on_switch: str = Field(
        "", description="Where the switch sees data_dir/prompts; empty: at the same path."
    )
    support_numbers: str = Field(
        "",
        description="The support line's numbers, blank separated (`02191001234`); empty: there is none.",
    )
    switch_group: str = Field(
        "",
        description="Group that may read the prompts beside us: that of a switch which runs as another user.",
    )
    recordings_dir: str = Field(
        "",
        description="Folder in which engine and web see what the switches record (UUID.wav); empty: recordings in data_dir.",
    )
    recording_days: int = Field(
        90, ge=1, le=3650, description="Days after which a recording's file is deleted."
    )

    sla_month: str = Field(
        "jalali",
        pattern="^(jalali|gregorian)$",
        description="Months of the subscription: jalali or gregorian.",
    )
    sla_credits: str = Field(
        "claimed",
        pattern="^(claimed|all)$",
        description="Credits for claimed outages only (`claimed`, the agreement's words), or for `all`.",
    )
    sla_wait_days: int = Field(
        3, ge=0, le=60, description="Days that a month with unresolved unknown time waits for its statements."
    )
    sla_probe_s: float = Field(
        60.0, ge=0, le=3600, description="Seconds between synthetic calls to each switch; 0: none."
    )
    sla_web_url: str = Field(
        "", description="Address of the panel that the monitor asks, as customers see it; empty: not watched."
    )

    smtp_url: SecretStr = Field(
        SecretStr(""),
        description="Mail server of notices: smtp://USER:PASSWORD@HOST:587 or smtps://…; empty: no e-mail.",
    )
    mail_from: str = Field("", description="Sender of e-mail, e.g. service@example.com.")
    messengers: SecretStr = Field(
        SecretStr(""),
        description="Bots of notices, separated by blanks: telegram=TOKEN bale=TOKEN eitaa=TOKEN"
        " (NAME=TOKEN@URL for another address); empty: none.",
    )
    sms_url: SecretStr = Field(
        SecretStr(""),
        description="Who carries text messages after calls: smpp://USER:PASSWORD@HOST:PORT, or https://USER:TOKEN@HOST/PATH;"
        " empty: none are sent.",
    )
    sms_lines: str = Field(
        "", description="Lines that texts may come from, separated by blanks, the usual one first."
    )
    own_networks: str = Field(
        "",
        description="Networks of our own, separated by blanks, to which outcomes and web hooks may be sent all the same.",
    )
    attachment_max_mb: int = Field(10, ge=1, le=100, description="Largest file of a ticket.")
    attachment_quota_mb: int = Field(
        500, ge=1, le=100_000, description="How much all files of an account's tickets may have together."
    )

    @field_validator("web_url")
    @classmethod
    def _without_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return value.upper()

    @property
    def database(self) -> str:
        """The database's address, with the default filled in."""
        return self.database_url or f"sqlite:///{self.data_dir / 'avanak.db'}"

    @property
    def prompts_dir(self) -> Path:
        return self.data_dir / "prompts"

    @property
    def recordings_folder(self) -> Path:
        """Where the switches' recordings are seen from here."""
        return Path(self.recordings_dir) if self.recordings_dir else self.data_dir / "recordings"

    @property
    def reports_dir(self) -> Path:
        return self.data_dir / "reports"


def _secrets_from_files(environ: dict[str, str]) -> dict[str, Any]:
    """Values of ``AVANAK_X_FILE`` variables, as ``{"x": text}``."""
    found: dict[str, Any] = {}
    for name, path in environ.items():
        if name.startswith("AVANAK_") and name.endswith("_FILE") and path:
            try:
                found[name[len("AVANAK_") : -len("_FILE")].lower()] = Path(path).read_text("utf-8").strip()
            except OSError as error:
                raise BadInput(
                    "%(name)s: cannot read %(path)s: %(why)s", name=name, path=path, why=error.strerror
                ) from error
    return found


def load_settings(**overrides: Any) -> Settings:
    """Settings from overrides, environment, ``*_FILE`` secrets and the file, in that order.

    Raises BadInput that names the setting and what is wrong with it.
    """
    config_file = os.environ.get("AVANAK_CONFIG")
    if config_file and not Path(config_file).is_file():
        raise BadInput("AVANAK_CONFIG: there is no file %(config_file)s", config_file=config_file)
    values = {**_secrets_from_files(dict(os.environ)), **overrides}
    try:
        return Settings(_env_file=config_file, **values)  # type: ignore[call-arg]
    except ValidationError as error:
        first = error.errors()[0]
        name = "AVANAK_" + "_".join(str(part) for part in first["loc"]).upper()
        raise BadInput("%(name)s: %(why)s", name=name, why=first["msg"]) from error


def zone_of(name: str) -> ZoneInfo:
    """The time zone of that name; BadInput when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise BadInput("AVANAK_TIMEZONE: there is no time zone '%(name)s'.", name=name) from error
