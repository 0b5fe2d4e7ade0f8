-- What AI systems declared, and who used which library.

CREATE TABLE declarations (
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
CREATE INDEX declarations_by_parent ON declarations (parent, name);
CREATE INDEX declarations_by_organization ON declarations (organization, name);
CREATE INDEX declarations_by_counterparty ON declarations (counterparty, name);
CREATE INDEX declarations_by_state ON declarations (state, name);

CREATE TABLE library_uses (
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
CREATE INDEX library_uses_by_parent ON library_uses (parent, name);
CREATE INDEX library_uses_by_organization ON library_uses (organization, name);
CREATE INDEX library_uses_by_counterparty ON library_uses (counterparty, name);
CREATE INDEX library_uses_by_state ON library_uses (state, name);
