-- Passwords that users had: as many as the policy of their connection wants to be remembered.
CREATE TABLE earlier_passwords (
    number INTEGER PRIMARY KEY,
    user_id TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX earlier_passwords_user ON earlier_passwords (user_id, number);
