"""Files for a switch on another machine that posts its call records to the web part.

mod_json_cdr tries each record once, for a few seconds at most (the channel waits for it), and spools what it could not post.
`send-records`, which runs beside the switch, posts the spool and reports when nothing is left.
"""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

from engine.switch_conf.settings import InstallSettings

SPOOL = "unsent"  # below the folder of the call records
SENDER, SENDER_SETTINGS = "send-records", "send-records.conf"
_PARAMS = (
    ("The calls that we place count as leg b.", "log-b-leg", "true"),
    ("Records are named by the call's uuid alone.", "prefix-a-leg", "false"),
    ("The body is the record itself, as JSON; its values as they are.", "encode", "false"),
    ("", "encode-values", "false"),
    ("One try: the channel stays until it is over. What fails goes to the spool.", "retries", "0"),
    ("Seconds for that try.", "timeout", "3"),
    (
        "Without these two the certificate of the web part would not be looked at.",
        "enable-cacert-check",
        "true",
    ),
    ("", "enable-ssl-verifyhost", "true"),
    ("", "auth-scheme", "basic"),
)


def url_of(settings: InstallSettings) -> str:
    """Where the records of this switch are posted."""
    return f"{settings.records_url}/switch-records/{settings.records_name}"


def spool_of(settings: InstallSettings) -> str:
    """Folder of the records that could not be posted yet."""
    return f"{settings.cdr_dir.rstrip('/')}/{SPOOL}"


def json_cdr_xml(settings: InstallSettings) -> str:
    """json_cdr.conf.xml; it holds the secret."""
    params = [
        *_PARAMS,
        ("The web part; the name is that of this switch in AVANAK_SWITCHES.", "url", url_of(settings)),
        ("Name and AVANAK_RECORDS_SECRET: this file can be read by its owner only.", "cred",
         f"{settings.records_name}:{settings.records_secret}"),
        (f"What could not be posted; {SENDER} posts it.", "err-log-dir", spool_of(settings)),
    ]  # fmt: skip
    lines = ['<configuration name="json_cdr.conf" description="JSON CDR">', "  <settings>"]
    for comment, name, value in params:
        lines += [f"    <!-- {comment} -->"] if comment else []
        lines.append(f"    <param name={quoteattr(name)} value={quoteattr(value)}/>")
    return "\n".join([*lines, "  </settings>", "</configuration>"]) + "\n"


def sender_settings(settings: InstallSettings) -> str:
    """What `send-records` gives to curl; a file, because a command line is read by everybody."""
    return f'user = "{settings.records_name}:{settings.records_secret}"\nmax-time = 20\nsilent\nshow-error\n'


def sender(settings: InstallSettings) -> str:
    """The program that posts what is in the spool."""
    return _SENDER.replace("@SPOOL@", spool_of(settings)).replace("@URL@", url_of(settings))


_SENDER = """#!/bin/sh
# Posts the call records that the switch could not post, every five seconds, and says when nothing is left.
# Let it run for as long as the switch does, by its user (systemd: ExecStart=/etc/freeswitch/send-records).
# With --once it looks once; without it the engine takes calls that it cannot find for unknown.
settings=$(dirname "$0")/send-records.conf
spool=@SPOOL@
url=@URL@

post() { curl --config "$settings" --output /dev/null --write-out '%{http_code}' "$@"; }

look() {
  mkdir -p "$spool/refused" || return 1
  for file in "$spool"/*.cdr.json; do
    [ -f "$file" ] || continue
    # The switch ends a record with a line's end: without it, it is being written, or was torn long ago.
    if [ -n "$(tail -c 1 "$file")" ]; then
      [ -n "$(find "$file" -mmin +1)" ] || return 1
      mv "$file" "$spool/refused/"
      continue
    fi
    status=$(post --header 'Content-Type: application/json' --data-binary "@$file" "$url") || return 1
    case $status in
      204) rm -- "$file" ;;
      400 | 413) echo "$file is refused ($status)" >&2; mv -- "$file" "$spool/refused/" ;;
      *) echo "$url answers $status" >&2; return 1 ;;
    esac
  done
  status=$(post --request POST --header 'Content-Length: 0' "$url/all-sent") || return 1
  [ "$status" = 204 ] || { echo "$url/all-sent answers $status" >&2; return 1; }
}

if [ "$1" = --once ]; then
  look
  exit
fi
while :; do
  look
  sleep 5
done
"""
