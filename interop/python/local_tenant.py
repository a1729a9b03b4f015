"""The tenant that the runner started, and a person in front of it."""

import base64
import hashlib
import hmac
import json
import os
import queue
import sys
import threading
import traceback
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx

# The users of `users.json`; Grace has an authenticator app already.
ADA = {"username": "ada@example.com", "password": "correct horse battery staple"}
ADAS_PHONE = "+12025550123"
GRACE = {"username": "grace@example.com", "password": "a ship in port is safe"}
GRACES_APP = "otpauth://totp/stepup:grace?secret=GAXVUW2SJRRE2MJRKVFWIQ3XNAZWCQK4"


@contextmanager
def step(name):
    """One named step of a program; the first that fails ends the program and is named."""
    try:
        yield
    except BaseException:
        print(f"FAIL {name}")
        traceback.print_exc(file=sys.stdout)
        sys.exit(1)
    print(f"ok   {name}", flush=True)


class LocalTenant:
    def __init__(self):
        with open(os.environ["STEPUP_READY_FILE"], encoding="utf-8") as file:
            ready = json.load(file)
        self.domain = ready["domain"]
        self.issuer = ready["issuer"]
        self._clients = ready["clients"]
        self._control = httpx.Client(
            base_url=ready["control"]["url"], headers={"Authorization": f"Bearer {ready['control']['key']}"}
        )

    def client(self, name):
        return next(client for client in self._clients if client["name"] == name)

    def now(self):
        """The tenant's time, in Unix seconds."""
        return self._control.get("/clock").raise_for_status().json()["unix"]

    def advance(self, seconds):
        """Moves the tenant's clock."""
        self._control.post("/clock", json={"advance_seconds": seconds}).raise_for_status()

    def reset(self):
        """Brings back the state at start, the clock included."""
        self._control.post("/reset", json={}).raise_for_status()

    def code_sent_to(self, to, channel):
        """The code of the newest message to an address."""
        messages = self._control.get("/messages", params={"to": to, "channel": channel}).raise_for_status().json()
        assert messages and messages[0]["code"], f"no {channel} with a code to {to}"
        return messages[0]["code"]

    def scan(self, barcode_uri):
        """A new device scans an enrolment's QR code."""
        self._control.post("/devices", json={"barcode_uri": barcode_uri}).raise_for_status()

    def answer_push(self, decision):
        """Answers the one push that waits, as the person at the device does: `approve` or `deny`."""
        [waiting] = self._control.get("/push").raise_for_status().json()
        self._control.post(f"/push/{waiting['id']}", json={"decision": decision}).raise_for_status()


@contextmanager
def logout_tokens():
    """Listens where the tenant tells `STEPUP_APP` of logouts; gives a function that waits for the next logout token.

    Those of earlier logouts may come first, since the tenant tries again.
    """
    address = urlsplit(os.environ["STEPUP_APP"])
    received = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            received.put(parse_qs(body)["logout_token"][0])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer((address.hostname, address.port), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield lambda: received.get(timeout=10)
        server.shutdown()


def follow(browser, address, stop_at, form=None):
    """Opens an address, or sends a form to it; follows redirects up to a page, or to an address that starts with `stop_at`."""
    answer = browser.get(address) if form is None else browser.post(address, data=form)
    while answer.has_redirect_location:
        location = urljoin(str(answer.url), answer.headers["location"])
        if location.startswith(stop_at):
            return location
        answer = browser.get(location)
    return answer


def log_in(authorization_url, redirect_uri, *, username, password, browser=None):
    """Logs in as a person does, without scripts: returns the address to which the tenant sent the browser back."""
    browser = browser or httpx.Client()
    page = follow(browser, authorization_url, redirect_uri)
    assert page.url.path == "/u/login", f"expected the log-in page, came to {page.url}\n{page.text}"
    form = {"state": page.url.params["state"], "username": username, "password": password, "action": "default"}
    back = follow(browser, page.url, redirect_uri, form)
    assert isinstance(back, str), f"expected to come back, came to {back.url}\n{back.text}"
    return back


def code_of(barcode_uri, seconds):
    """What an authenticator app shows after scanning `barcode_uri`, at a time in Unix seconds (RFC 6238)."""
    uri = urlsplit(barcode_uri)
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp"), barcode_uri
    parameters = {name: values[0] for name, values in parse_qs(uri.query).items()}
    secret = parameters["secret"]
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digits = int(parameters.get("digits", 6))
    counter = int(seconds) // int(parameters.get("period", 30))
    algorithm = getattr(hashlib, parameters.get("algorithm", "SHA1").lower())
    mac = hmac.new(key, counter.to_bytes(8, "big"), algorithm).digest()
    offset = mac[-1] & 0xF
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def claims_of(token):
    """The claims of a token that somebody else has checked."""
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
