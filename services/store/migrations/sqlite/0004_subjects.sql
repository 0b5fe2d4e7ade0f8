-- Requests of subjects, those whom nothing is released of any more, what each version holds of whom, and incidents.

CREATE TABLE subject_requests (
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
CREATE INDEX subject_requests_by_parent ON subject_requests (parent, name);
CREATE INDEX subject_requests_by_organization ON subject_requests (organization, name);
CREATE INDEX subject_requests_by_counterparty ON subject_requests (counterparty, name);
CREATE INDEX subject_requests_by_state ON subject_requests (state, name);

CREATE TABLE exclusions (
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
CREATE INDEX exclusions_by_parent ON exclusions (parent, name);
CREATE INDEX exclusions_by_organization ON exclusions (organization, name);
CREATE INDEX exclusions_by_counterparty ON exclusions (counterparty, name);
CREATE INDEX exclusions_by_state ON exclusions (state, name);

CREATE TABLE subject_indexes (
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
CREATE INDEX subject_indexes_by_parent ON subject_indexes (parent, name);
CREATE INDEX subject_indexes_by_organization ON subject_indexes (organization, name);
CREATE INDEX subject_indexes_by_counterparty ON subject_indexes (counterparty, name);
CREATE INDEX subject_indexes_by_state ON subject_indexes (state, name);

CREATE TABLE incidents (
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
CREATE INDEX incidents_by_parent ON incidents (parent, name);
CREATE INDEX incidents_by_organization ON incidents (organization, name);
CREATE INDEX incidents_by_counterparty ON incidents (counterparty, name);
CREATE INDEX incidents_by_state ON incidents (state, name);

-- A withdrawal of consent is not undone: nobody is taken from the list.
CREATE TRIGGER exclusions_stay BEFORE DELETE ON exclusions
BEGIN
    SELECT RAISE(ABORT, 'an exclusion is never deleted');
END;
