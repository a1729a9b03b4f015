-- What was changed of the configuration, entity by entity, over its file.
CREATE TABLE settings (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    section TEXT NOT NULL,
    key TEXT NOT NULL,
    -- the sealed JSON of the entity: secrets may be in it; NULL: removed
    entity BLOB,
    UNIQUE (section, key)
);

-- The digests of the files of users that were imported.
CREATE TABLE imports (digest BLOB PRIMARY KEY) WITHOUT ROWID;

-- One row. It only ever grows, so that every process sees that something has changed.
CREATE TABLE settings_version (version INTEGER NOT NULL);
INSERT INTO settings_version (version) VALUES (0);
