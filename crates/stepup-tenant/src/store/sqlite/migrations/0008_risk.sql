-- What ties the requests and events of one login together.
ALTER TABLE log ADD COLUMN transaction_id TEXT;
CREATE INDEX log_transaction ON log (transaction_id) WHERE transaction_id IS NOT NULL;
CREATE INDEX log_kind ON log (kind);

CREATE TABLE steps (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    transaction_id TEXT NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX steps_transaction ON steps (transaction_id);

-- Browsers that a user has logged in with.
CREATE TABLE known_devices (
    user_id TEXT NOT NULL,
    device BLOB NOT NULL,
    user_agent TEXT NOT NULL,
    last_seen_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, device)
) WITHOUT ROWID;

-- What is swept is found without looking at every row.
CREATE INDEX known_devices_seen ON known_devices (last_seen_at);
CREATE INDEX sessions_expiry ON sessions (expires_at);
CREATE INDEX codes_expiry ON codes (expires_at);
CREATE INDEX logins_expiry ON logins (expires_at);
CREATE INDEX mfa_transactions_expiry ON mfa_transactions (expires_at);
CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX refresh_tokens_retired ON refresh_tokens (retired_at) WHERE retired_at IS NOT NULL;
CREATE INDEX buckets_full ON buckets (full_at);

-- What a test says of coming logins.
CREATE TABLE risk_signals (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    data TEXT NOT NULL
);
