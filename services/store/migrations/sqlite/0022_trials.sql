-- Trials, whose containers answer requests.

CREATE TABLE trials (
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
CREATE INDEX trials_by_parent ON trials (parent, name);
CREATE INDEX trials_by_organization ON trials (organization, name);
CREATE INDEX trials_by_counterparty ON trials (counterparty, name);
CREATE INDEX trials_by_state ON trials (state, name);
