-- How the last attempt failed: told when the call is given up.
ALTER TABLE calls ADD COLUMN last_error TEXT;
