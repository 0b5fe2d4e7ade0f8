-- State as records: one table for each kind, all of the same shape. Times are microseconds since 1970 in UTC.
-- Names are compared bytewise (collation "C"), as SQLite does.

CREATE TABLE organizations (
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
CREATE INDEX organizations_by_parent ON organizations (parent, name);
CREATE INDEX organizations_by_organization ON organizations (organization, name);
CREATE INDEX organizations_by_counterparty ON organizations (counterparty, name);
CREATE INDEX organizations_by_state ON organizations (state, name);

CREATE TABLE users (
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
CREATE INDEX users_by_parent ON users (parent, name);
CREATE INDEX users_by_organization ON users (organization, name);
CREATE INDEX users_by_counterparty ON users (counterparty, name);
CREATE INDEX users_by_state ON users (state, name);

CREATE TABLE certificates (
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
CREATE INDEX certificates_by_parent ON certificates (parent, name);
CREATE INDEX certificates_by_organization ON certificates (organization, name);
CREATE INDEX certificates_by_counterparty ON certificates (counterparty, name);
CREATE INDEX certificates_by_state ON certificates (state, name);

CREATE TABLE invitations (
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
CREATE INDEX invitations_by_parent ON invitations (parent, name);
CREATE INDEX invitations_by_organization ON invitations (organization, name);
CREATE INDEX invitations_by_counterparty ON invitations (counterparty, name);
CREATE INDEX invitations_by_state ON invitations (state, name);

CREATE TABLE libraries (
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
CREATE INDEX libraries_by_parent ON libraries (parent, name);
CREATE INDEX libraries_by_organization ON libraries (organization, name);
CREATE INDEX libraries_by_counterparty ON libraries (counterparty, name);
CREATE INDEX libraries_by_state ON libraries (state, name);

CREATE TABLE versions (
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
CREATE INDEX versions_by_parent ON versions (parent, name);
CREATE INDEX versions_by_organization ON versions (organization, name);
CREATE INDEX versions_by_counterparty ON versions (counterparty, name);
CREATE INDEX versions_by_state ON versions (state, name);

CREATE TABLE runs (
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
CREATE INDEX runs_by_parent ON runs (parent, name);
CREATE INDEX runs_by_organization ON runs (organization, name);
CREATE INDEX runs_by_counterparty ON runs (counterparty, name);
CREATE INDEX runs_by_state ON runs (state, name);

CREATE TABLE grants (
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
CREATE INDEX grants_by_parent ON grants (parent, name);
CREATE INDEX grants_by_organization ON grants (organization, name);
CREATE INDEX grants_by_counterparty ON grants (counterparty, name);
CREATE INDEX grants_by_state ON grants (state, name);

CREATE TABLE systems (
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
CREATE INDEX systems_by_parent ON systems (parent, name);
CREATE INDEX systems_by_organization ON systems (organization, name);
CREATE INDEX systems_by_counterparty ON systems (counterparty, name);
CREATE INDEX systems_by_state ON systems (state, name);

CREATE TABLE sandboxes (
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
CREATE INDEX sandboxes_by_parent ON sandboxes (parent, name);
CREATE INDEX sandboxes_by_organization ON sandboxes (organization, name);
CREATE INDEX sandboxes_by_counterparty ON sandboxes (counterparty, name);
CREATE INDEX sandboxes_by_state ON sandboxes (state, name);

CREATE TABLE jobs (
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
CREATE INDEX jobs_by_parent ON jobs (parent, name);
CREATE INDEX jobs_by_organization ON jobs (organization, name);
CREATE INDEX jobs_by_counterparty ON jobs (counterparty, name);
CREATE INDEX jobs_by_state ON jobs (state, name);

CREATE TABLE images (
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
CREATE INDEX images_by_parent ON images (parent, name);
CREATE INDEX images_by_organization ON images (organization, name);
CREATE INDEX images_by_counterparty ON images (counterparty, name);
CREATE INDEX images_by_state ON images (state, name);

CREATE TABLE outputs (
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
CREATE INDEX outputs_by_parent ON outputs (parent, name);
CREATE INDEX outputs_by_organization ON outputs (organization, name);
CREATE INDEX outputs_by_counterparty ON outputs (counterparty, name);
CREATE INDEX outputs_by_state ON outputs (state, name);

CREATE TABLE uploads (
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
CREATE INDEX uploads_by_parent ON uploads (parent, name);
CREATE INDEX uploads_by_organization ON uploads (organization, name);
CREATE INDEX uploads_by_counterparty ON uploads (counterparty, name);
CREATE INDEX uploads_by_state ON uploads (state, name);

CREATE TABLE secrets (
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
CREATE INDEX secrets_by_parent ON secrets (parent, name);
CREATE INDEX secrets_by_organization ON secrets (organization, name);
CREATE INDEX secrets_by_counterparty ON secrets (counterparty, name);
CREATE INDEX secrets_by_state ON secrets (state, name);

-- Requests that were carried out, so that none is carried out twice.
CREATE TABLE requests (
    principal   TEXT COLLATE "C" NOT NULL,
    request_id  TEXT COLLATE "C" NOT NULL,
    method      TEXT COLLATE "C" NOT NULL,
    fingerprint TEXT COLLATE "C" NOT NULL,
    response    BYTEA NOT NULL,
    create_time BIGINT NOT NULL,
    PRIMARY KEY (principal, request_id)
);
CREATE INDEX requests_by_time ON requests (create_time);

-- Encrypted objects. An object whose row is gone cannot be decrypted any more.
CREATE TABLE objects (
    place          TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    id             TEXT COLLATE "C" NOT NULL UNIQUE,
    key_id         TEXT COLLATE "C" NOT NULL,
    wrapped_key    TEXT NOT NULL,
    segment_chunks BIGINT NOT NULL,
    segments       BIGINT NOT NULL,
    bytes          BIGINT NOT NULL,
    sha256         TEXT NOT NULL,
    complete       BIGINT NOT NULL,
    create_time    BIGINT NOT NULL
);
CREATE INDEX objects_by_key ON objects (key_id, place);

-- The audit log: the leaves verbatim, the complete subtrees of the Merkle tree, and its size and root.
CREATE TABLE audit_entries (
    seq  BIGINT PRIMARY KEY NOT NULL,
    leaf TEXT NOT NULL
);
CREATE TABLE audit_nodes (
    level BIGINT NOT NULL,
    idx   BIGINT NOT NULL,
    hash  BYTEA NOT NULL,
    PRIMARY KEY (level, idx)
);
CREATE TABLE audit_head (
    id   BIGINT PRIMARY KEY NOT NULL CHECK (id = 1),
    size BIGINT NOT NULL,
    root BYTEA NOT NULL,
    time BIGINT NOT NULL
);
INSERT INTO audit_head (id, size, root, time)
VALUES (1, 0, '\xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 0);

-- Facts about the database itself, such as the check value of the master key.
CREATE TABLE facts (
    name  TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
);
