-- What AI systems declared, and who used which library.

CREATE TABLE declarations (
    name         TEXT PRIMARY KEY NOT NULL,
    parent       TEXT NOT NULL,
    organization TEXT NOT NULL,
    counterparty TEXT NOT NULL,
    state        TEXT NOT NULL,
    revision     INTEGER NOT NULL,
    create_time  INTEGER NOT NULL,
    update_time  INTEGER NOT NULL,
    body         TEXT NOT NULL
);
CREATE INDEX declarations_by_parent ON declarations (parent, name);
CREATE INDEX declarations_by_organization ON declarations (organization, name);
CREATE INDEX declarations_by_counterparty ON declarations (counterparty, name);
CREATE INDEX declarations_by_state ON declarations (state, name);

CREATE TABLE library_uses (
    name         TEXT PRIMARY KEY NOT NULL,
    parent       TEXT NOT NULL,
    organization TEXT NOT NULL,
    counterparty TEXT NOT NULL,
    state        TEXT NOT NULL,
    revision     INTEGER NOT NULL,
    create_time  INTEGER NOT NULL,
    update_time  INTEGER NOT NULL,
    body         TEXT NOT NULL
);
CREATE INDEX library_uses_by_parent ON library_uses (parent, name);
CREATE INDEX library_uses_by_organization ON library_uses (organization, name);
CREATE INDEX library_uses_by_counterparty ON library_uses (counterparty, name);
CREATE INDEX library_uses_by_state ON library_uses (state, name);
