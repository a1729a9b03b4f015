-- The log is written by plain statements, and what is too old goes beside the requests.
DROP VIEW journal;
DROP TRIGGER log_newest;
DROP TRIGGER messages_newest;
DROP TRIGGER steps_newest;

-- Every request writes to the log and waits for it; whoever looks something up there reads ten thousand rows in milliseconds.
DROP INDEX log_kind;
DROP INDEX log_transaction;
DROP INDEX log_user;
DROP INDEX steps_transaction;
