CREATE TABLE users (
    user_id TEXT PRIMARY KEY,
    connection TEXT NOT NULL,
    email TEXT COLLATE NOCASE,
    username TEXT COLLATE NOCASE,
    password_hash TEXT,
    profile TEXT NOT NULL,
    user_metadata TEXT NOT NULL,
    app_metadata TEXT NOT NULL,
    logins_count INTEGER NOT NULL,
    last_login INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (connection, email),
    UNIQUE (connection, username)
);

CREATE TABLE authenticators (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('totp', 'recovery-code')),
    -- totp: the sealed secret; recovery-code: the SHA-256 of the code
    secret BLOB NOT NULL,
    last_step INTEGER,
    created_at INTEGER NOT NULL,
    confirmed_at INTEGER,
    last_used_at INTEGER
);
CREATE INDEX authenticators_user ON authenticators (user_id);

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    cookie BLOB NOT NULL UNIQUE,
    data TEXT NOT NULL,
    expires_at INTEGER NOT NULL
);

CREATE TABLE codes (
    digest BLOB PRIMARY KEY,
    data TEXT NOT NULL,
    taken_at INTEGER,
    expires_at INTEGER NOT NULL
);

CREATE TABLE refresh_tokens (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    digest BLOB NOT NULL UNIQUE,
    id TEXT NOT NULL UNIQUE,
    family TEXT NOT NULL,
    parent TEXT,
    client_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    data TEXT NOT NULL,
    retired_at INTEGER,
    expires_at INTEGER
);
CREATE INDEX refresh_tokens_parent ON refresh_tokens (parent);
CREATE INDEX refresh_tokens_owner ON refresh_tokens (user_id, client_id);

-- Apart from the tokens, so that a token which is added after the revocation is revoked too.
CREATE TABLE revoked_families (
    family TEXT PRIMARY KEY,
    revoked_at INTEGER NOT NULL
);

CREATE TABLE logins (
    digest BLOB PRIMARY KEY,
    data TEXT NOT NULL,
    expires_at INTEGER NOT NULL
);

CREATE TABLE mfa_transactions (
    digest BLOB PRIMARY KEY,
    data TEXT NOT NULL,
    expires_at INTEGER NOT NULL
);

CREATE TABLE buckets (
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    full_at INTEGER NOT NULL,
    PRIMARY KEY (kind, subject)
);

CREATE TABLE log (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    data TEXT NOT NULL
);

CREATE TABLE messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    channel TEXT NOT NULL,
    recipient TEXT NOT NULL,
    data TEXT NOT NULL
);
