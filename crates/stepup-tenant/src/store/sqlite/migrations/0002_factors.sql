-- Every factor: one row an enrolment. `secret` is sealed text (totp: the shared secret, push: the address of the app at its
-- push service) or the SHA-256 of a recovery code.
CREATE TABLE authenticators_2 (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('email', 'phone', 'push', 'recovery-code', 'totp')),
    name TEXT,
    secret BLOB,
    last_step INTEGER,
    email TEXT COLLATE NOCASE,
    phone_number TEXT,
    -- phone: its channels; push: the device
    data TEXT,
    -- the id of the authenticator that lives and dies with this one
    twin TEXT,
    -- recovery code: the id of the authenticator whose confirmation makes it good
    came_with TEXT,
    created_at INTEGER NOT NULL,
    confirmed_at INTEGER,
    last_used_at INTEGER
);
INSERT INTO authenticators_2 (seq, id, user_id, kind, secret, last_step, created_at, confirmed_at, last_used_at)
SELECT seq, id, user_id, kind, secret, last_step, created_at, confirmed_at, last_used_at FROM authenticators;
DROP TABLE authenticators;
ALTER TABLE authenticators_2 RENAME TO authenticators;
CREATE INDEX authenticators_user ON authenticators (user_id);
CREATE INDEX authenticators_pending ON authenticators (created_at) WHERE confirmed_at IS NULL;
CREATE INDEX authenticators_phone_number ON authenticators (phone_number) WHERE phone_number IS NOT NULL;
CREATE INDEX authenticators_email ON authenticators (email) WHERE email IS NOT NULL;

CREATE TABLE oob (
    digest BLOB PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL,
    -- the digest of what a phone answers or scans with
    token BLOB UNIQUE,
    -- a push: whether a phone has answered; null for a code
    state TEXT CHECK (state IN ('approved', 'denied', 'pending')),
    -- pending and to be shown as a question: not a QR code
    asks INTEGER NOT NULL,
    last_poll INTEGER,
    data TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX oob_expiry ON oob (expires_at);
CREATE INDEX oob_asks ON oob (user_id) WHERE asks = 1 AND state = 'pending';
