-- Log events and the requests that they came from, two lists in JSON: one statement writes both, and every request of a
-- login waits for one.
CREATE VIEW journal (events, steps) AS SELECT NULL, NULL WHERE FALSE;
CREATE TRIGGER journal_entry INSTEAD OF INSERT ON journal BEGIN
    INSERT INTO log (kind, transaction_id, data)
        SELECT value ->> 'type', value ->> 'transaction_id', value FROM json_each(NEW.events) ORDER BY key;
    INSERT INTO steps (transaction_id, data)
        SELECT value ->> 'transaction_id', value FROM json_each(NEW.steps) ORDER BY key;
END;

-- Of the log, of its requests and of the inbox the newest are kept.
CREATE TRIGGER log_newest AFTER INSERT ON log BEGIN
    DELETE FROM log WHERE seq <= NEW.seq - 10000;
END;
CREATE TRIGGER messages_newest AFTER INSERT ON messages BEGIN
    DELETE FROM messages WHERE seq <= NEW.seq - 10000;
END;
CREATE TRIGGER steps_newest AFTER INSERT ON steps BEGIN
    DELETE FROM steps WHERE seq <= NEW.seq - 10000;
END;
