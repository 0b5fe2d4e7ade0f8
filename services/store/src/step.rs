//! The statements of each step of a change. None of them raises an error where the state does not fit: they
//! change no row instead, which leaves a PostgreSQL transaction usable.

use time::OffsetDateTime;

use crate::change::{RequestKey, Row, Step};
use crate::error::StoreError;
use crate::objects::ObjectRecord;
use crate::record::Kind;
use crate::sql::{Connection, Value};
use crate::store::to_micros;

pub(crate) async fn carry_out(
    connection: &mut Connection,
    step: &Step,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let now = to_micros(now);
    match step {
        Step::Insert(row) => insert(connection, row, now).await,
        Step::Update(row, revision) => update(connection, row, *revision, now).await,
        Step::Delete {
            kind,
            name,
            revision,
        } => delete(connection, *kind, name, *revision).await,
        Step::KeepObject(object) => keep_object(connection, object, now).await,
        Step::DropObject(place) => drop_object(connection, place).await,
        Step::Request(key, response) => request(connection, key, response, now).await,
        Step::ForgetRequests(before) => forget_requests(connection, *before).await,
    }
}

async fn insert(connection: &mut Connection, row: &Row, now: i64) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO {} (name, parent, organization, counterparty, state, body, create_time, update_time, revision)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 1) ON CONFLICT (name) DO NOTHING",
        row.kind.table()
    );
    let [name, parent, organization, counterparty, state, body] = columns(row);
    let values = [
        name,
        parent,
        organization,
        counterparty,
        state,
        body,
        Value::Int(now),
    ];
    match connection.execute(&sql, &values).await? {
        0 => Err(StoreError::Exists {
            kind: row.kind,
            name: row.name.clone(),
        }),
        _ => Ok(()),
    }
}

async fn update(
    connection: &mut Connection,
    row: &Row,
    revision: i64,
    now: i64,
) -> Result<(), StoreError> {
    let sql = format!(
        "UPDATE {} SET parent = $2, organization = $3, counterparty = $4, state = $5, body = $6,
         update_time = $7, revision = revision + 1 WHERE name = $1 AND revision = $8",
        row.kind.table()
    );
    let [name, parent, organization, counterparty, state, body] = columns(row);
    let values = [
        name,
        parent,
        organization,
        counterparty,
        state,
        body,
        Value::Int(now),
        Value::Int(revision),
    ];
    match connection.execute(&sql, &values).await? {
        0 => Err(stale(connection, row.kind, &row.name).await?),
        _ => Ok(()),
    }
}

async fn delete(
    connection: &mut Connection,
    kind: Kind,
    name: &str,
    revision: i64,
) -> Result<(), StoreError> {
    let sql = format!(
        "DELETE FROM {} WHERE name = $1 AND revision = $2",
        kind.table()
    );
    match connection
        .execute(&sql, &[Value::Text(name), Value::Int(revision)])
        .await?
    {
        0 => Err(stale(connection, kind, name).await?),
        _ => Ok(()),
    }
}

/// Why no row had the name and the revision.
async fn stale(
    connection: &mut Connection,
    kind: Kind,
    name: &str,
) -> Result<StoreError, StoreError> {
    let sql = format!("SELECT revision FROM {} WHERE name = $1", kind.table());
    let found = connection
        .fetch_one(&sql, &[Value::Text(name)])
        .await?
        .is_some();
    let name = name.to_owned();
    Ok(if found {
        StoreError::Conflict { kind, name }
    } else {
        StoreError::NotFound { kind, name }
    })
}

fn columns(row: &Row) -> [Value<'_>; 6] {
    [
        &row.name,
        &row.parent,
        &row.organization,
        &row.counterparty,
        &row.state,
        &row.body,
    ]
    .map(|text| Value::Text(text))
}

async fn keep_object(
    connection: &mut Connection,
    object: &ObjectRecord,
    now: i64,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO objects (place, id, key_id, wrapped_key, segment_chunks, segments, bytes, sha256,
                                    complete, create_time, held)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
               ON CONFLICT (place) DO UPDATE SET key_id = excluded.key_id, wrapped_key = excluded.wrapped_key,
                   segments = excluded.segments, bytes = excluded.bytes, sha256 = excluded.sha256,
                   complete = excluded.complete, held = excluded.held
               WHERE objects.id = excluded.id";
    let values = [
        Value::Text(&object.place),
        Value::Text(&object.id),
        Value::Text(&object.key_id),
        Value::Text(&object.wrapped_key),
        Value::Int(i64::from(object.segment_chunks)),
        Value::Int(i64::from(object.segments)),
        Value::Int(i64::try_from(object.bytes).unwrap_or(i64::MAX)),
        Value::Text(&object.sha256),
        Value::Int(i64::from(object.complete)),
        Value::Int(now),
        Value::Text(&object.held),
    ];
    match connection.execute(sql, &values).await? {
        0 => Err(StoreError::ObjectExists {
            place: object.place.clone(),
        }),
        _ => Ok(()),
    }
}

async fn drop_object(connection: &mut Connection, place: &str) -> Result<(), StoreError> {
    match connection
        .execute(
            "DELETE FROM objects WHERE place = $1",
            &[Value::Text(place)],
        )
        .await?
    {
        0 => Err(StoreError::ObjectNotFound {
            place: place.to_owned(),
        }),
        _ => Ok(()),
    }
}

async fn request(
    connection: &mut Connection,
    key: &RequestKey,
    response: &[u8],
    now: i64,
) -> Result<(), StoreError> {
    let sql =
        "INSERT INTO requests (principal, request_id, method, fingerprint, response, create_time)
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (principal, request_id) DO NOTHING";
    let values = [
        Value::Text(&key.principal),
        Value::Text(&key.request_id),
        Value::Text(&key.method),
        Value::Text(&key.fingerprint),
        Value::Blob(response),
        Value::Int(now),
    ];
    match connection.execute(sql, &values).await? {
        0 => Err(StoreError::RequestReplayed {
            principal: key.principal.clone(),
            request_id: key.request_id.clone(),
        }),
        _ => Ok(()),
    }
}

async fn forget_requests(
    connection: &mut Connection,
    before: OffsetDateTime,
) -> Result<(), StoreError> {
    let sql = "DELETE FROM requests WHERE create_time < $1";
    connection
        .execute(sql, &[Value::Int(to_micros(before))])
        .await?;
    Ok(())
}
