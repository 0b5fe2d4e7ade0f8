-- Trials, whose containers answer requests.

CREATE TABLE trials (
    name         TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    parent       TEXT COLLATE "C" NOT NULL,
    organization TEXT COLLATE "C" NOT NULL,
    counterparty TEXT COLLATE "C" NOT NULL,
    state        TEXT COLLATE "C" NOT NULL,
    revision     BIGINT NOT NULL,
    create_time  BIGINT NOT NULL,
    update_time  BIGINT NOT NULL,
    body         TEXT NOT NULL
);
CREATE INDEX trials_by_parent ON trials (parent, name);
CREATE INDEX trials_by_organization ON trials (organization, name);
CREATE INDEX trials_by_counterparty ON trials (counterparty, name);
CREATE INDEX trials_by_state ON trials (state, name);
