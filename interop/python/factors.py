"""What a person does with each factor: how it is enrolled, and how a challenge is answered, rightly and wrongly."""

import re

from local_tenant import ADA, ADAS_PHONE, code_of


def changed(code):
    """Another code of the same form."""
    return code[:-1] + str((int(code[-1]) + 5) % 10)


class Otp:
    """An authenticator app: codes of its own making, each good once."""

    name, type, prefix = "otp", "otp", "totp"
    enrolment = {"factor_type": "otp"}
    refusal = ("invalid_grant", "Invalid otp_code.")

    def __init__(self, tenant, enrolled):
        assert enrolled.authenticator_type == "otp", enrolled
        assert enrolled.secret in enrolled.barcode_uri, enrolled
        self._tenant, self._barcode_uri, self._used = tenant, enrolled.barcode_uri, False

    def right(self, _asked):
        if self._used:
            self._tenant.advance(30)  # a code is good once: the app shows the next one
        self._used = True
        return {"otp": code_of(self._barcode_uri, self._tenant.now())}

    def wrong(self, _asked):
        return {"otp": changed(code_of(self._barcode_uri, self._tenant.now()))}


class Message:
    """A factor whose code arrives by message."""

    refusal = ("invalid_grant", "Invalid binding_code.")

    def __init__(self, tenant, enrolled=None):
        self._tenant = tenant
        if enrolled is not None:
            assert (enrolled.authenticator_type, enrolled.oob_channel) == ("oob", self.name), enrolled
            assert enrolled.binding_method == "prompt", enrolled

    def right(self, asked):
        return {"oob_code": asked.oob_code, "binding_code": self._tenant.code_sent_to(self.to, self.name)}

    def wrong(self, asked):
        return {"oob_code": asked.oob_code, "binding_code": changed(self._tenant.code_sent_to(self.to, self.name))}


class Sms(Message):
    name, type, prefix, to = "sms", "phone", "sms", ADAS_PHONE
    enrolment = {"factor_type": "sms", "phone_number": ADAS_PHONE}


class Voice(Message):
    name, type, prefix, to = "voice", "phone", "voice", ADAS_PHONE
    enrolment = {"factor_type": "voice", "phone_number": ADAS_PHONE}


class Email(Message):
    """The address is verified, so it is an authenticator without an enrolment."""

    name, type, prefix, to = "email", "email", "email", ADA["username"]


class Push:
    """A phone with the Guardian application: it scans once, and approves or denies from then on."""

    name, type, prefix = "auth0", "push-notification", "push"
    enrolment = {"factor_type": "auth0"}
    refusal = ("authorization_pending", "Authorization pending: please repeat the request in a few seconds.")

    def __init__(self, tenant, enrolled):
        assert (enrolled.authenticator_type, enrolled.oob_channel) == ("oob", "auth0"), enrolled
        assert re.search(r"enrollment_tx_id=[A-Za-z0-9]{32}", enrolled.barcode_uri), enrolled
        self._tenant, self._barcode_uri, self._enrolled = tenant, enrolled.barcode_uri, False

    def right(self, asked):
        if self._enrolled:
            self._tenant.answer_push("approve")
        else:
            self._tenant.scan(self._barcode_uri)
        self._enrolled = True
        return {"oob_code": asked.oob_code}

    def wrong(self, asked):
        """Nothing was done on the phone yet."""
        return {"oob_code": asked.oob_code}

    def denied(self, asked):
        self._tenant.answer_push("deny")
        return {"oob_code": asked.oob_code}
