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

-- What a test says of coming logins.
CREATE TABLE risk_signals (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    data TEXT NOT NULL
);
