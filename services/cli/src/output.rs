//! What a command prints: tables for people, JSON for programs.
//!
//! Both are made from the messages by reflection, so that no field can be forgotten here. Results go to standard output,
//! remarks and progress to standard error.

mod columns;
mod text;

use std::io::{IsTerminal as _, Write as _};

use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table, presets};
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, ReflectMessage as _, SerializeOptions,
    Value,
};
use sandyq_proto::v1;

use crate::errors::{Failure, Result};
use columns::columns;
pub use text::{human_bytes, human_duration, printable};

/// The form of the results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Tables and lists.
    #[default]
    Table,
    /// The protobuf JSON encoding of the API's messages; a list is an array, a stream one object a line.
    Json,
}

/// A message that can be printed.
pub trait Resource: prost::Message {
    /// The message's name in the interface.
    const NAME: &'static str;
}

macro_rules! resources {
    ($($message:ident),* $(,)?) => {
        $(impl Resource for v1::$message {
            const NAME: &'static str = concat!("sandyq.v1.", stringify!($message));
        })*
    };
}

resources!(
    AuditEntry,
    CallTrialResponse,
    CheckAccessResponse,
    Classification,
    Column,
    ColumnClassification,
    Declaration,
    ExplainAccessResponse,
    Grant,
    Image,
    Incident,
    Job,
    Library,
    LibraryUse,
    Organization,
    Output,
    ReloadPoliciesResponse,
    Risk,
    Run,
    Sandbox,
    SubjectRequest,
    System,
    Trial,
    TryPoliciesResponse,
    TurnedDecision,
    Usage,
    User,
    ValidateProfileResponse,
    Version,
    WhoAmIResponse,
);

/// Prints in the chosen form.
#[derive(Debug)]
pub struct Printer {
    format: Format,
    pool: DescriptorPool,
}

impl Printer {
    /// A printer in this form.
    ///
    /// # Errors
    /// None in practice: the descriptors are part of the program.
    pub fn new(format: Format) -> Result<Self> {
        let pool = DescriptorPool::decode(sandyq_proto::DESCRIPTOR_SET).map_err(|error| {
            Failure::general(format!(
                "the interface's description cannot be read: {error}"
            ))
        })?;
        Ok(Self { format, pool })
    }

    /// The form of the results.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Whether the results are for programs.
    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Prints one message with all its fields.
    pub fn show<R: Resource>(&self, resource: &R) -> Result<()> {
        let message = self.reflect(resource)?;
        match self.format {
            Format::Json => print_text(&json(&message, true)?),
            Format::Table => print_text(&details(&message)),
        }
    }

    /// Prints a list.
    pub fn list<R: Resource>(&self, resources: &[R]) -> Result<()> {
        let messages = resources
            .iter()
            .map(|resource| self.reflect(resource))
            .collect::<Result<Vec<_>>>()?;
        match self.format {
            Format::Json => {
                let items = messages
                    .iter()
                    .map(|message| json(message, false))
                    .collect::<Result<Vec<_>>>()?;
                print_text(&format!("[{}]", items.join(",\n ")))
            }
            Format::Table if messages.is_empty() => {
                self.remark("Nothing to show.");
                Ok(())
            }
            Format::Table => print_text(&table(&messages)),
        }
    }

    /// Prints one message of a stream: a line of JSON, or the given line for people.
    pub fn event<R: Resource>(&self, resource: &R, line: &str) -> Result<()> {
        match self.format {
            Format::Json => print_text(&json(&self.reflect(resource)?, false)?),
            Format::Table => print_text(&printable(line)),
        }
    }

    /// Prints a value that is no message of the interface.
    pub fn value(&self, value: &serde_json::Value, lines: &str) -> Result<()> {
        match self.format {
            Format::Json => print_text(&text::harmless(&format!("{value:#}"))),
            Format::Table => print_text(lines),
        }
    }

    /// Prints lines that only people want among the results.
    pub fn lines(&self, text: &str) -> Result<()> {
        if self.is_json() {
            Ok(())
        } else {
            print_text(text)
        }
    }

    /// Tells a person something that is not a result; programs do not see it.
    pub fn remark(&self, text: &str) {
        if self.format == Format::Table {
            note(text);
        }
    }

    fn reflect<R: Resource>(&self, resource: &R) -> Result<DynamicMessage> {
        let broken =
            |what: String| Failure::general(format!("{} cannot be shown: {what}", R::NAME));
        let descriptor = self
            .pool
            .get_message_by_name(R::NAME)
            .ok_or_else(|| broken("it is not described".to_owned()))?;
        DynamicMessage::decode(descriptor, resource.encode_to_vec().as_slice())
            .map_err(|error| broken(error.to_string()))
    }
}

/// Writes a line to standard error. A closed standard error is no reason to fail.
pub fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Writes to standard output. A reader that has had enough (`| head`) is no failure.
fn print_text(text: &str) -> Result<()> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::general(
            format!("cannot write to standard output: {error}"),
        )),
        _ => Ok(()),
    }
}

fn json(message: &DynamicMessage, pretty: bool) -> Result<String> {
    let options = SerializeOptions::new()
        .stringify_64_bit_integers(false)
        .skip_default_fields(false)
        .use_proto_field_name(true);
    let broken = |error: serde_json::Error| Failure::general(format!("cannot make JSON: {error}"));
    let value = message
        .serialize_with_options(serde_json::value::Serializer, &options)
        .map_err(broken)?;
    let text = match pretty {
        true => format!("{value:#}"),
        false => value.to_string(),
    };
    Ok(text::harmless(&text))
}

/// A share as a percentage.
pub fn percent(share: f64) -> String {
    format!("{:.2}%", share * 100.0)
}

/// Appends a title and a table to a text; nothing where there are no rows.
pub fn section(text: &mut String, title: &str, header: &[&str], rows: Vec<Vec<String>>) {
    if rows.is_empty() {
        return;
    }
    let header: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
    let mut table = new_table(&header);
    for row in rows {
        table.add_row(row);
    }
    text.push('\n');
    text.push_str(title);
    for line in table.trim_fmt().lines() {
        text.push_str("\n  ");
        text.push_str(line);
    }
    text.push('\n');
}

/// A table in the style that fits where it goes.
pub fn new_table(header: &[String]) -> Table {
    let mut table = Table::new();
    if std::io::stdout().is_terminal() {
        table
            .load_style(presets::UTF8_HORIZONTAL_ONLY)
            .set_content_arrangement(ContentArrangement::Dynamic);
    } else {
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Disabled);
    }
    table.set_header(header.to_vec());
    table
}

fn table(messages: &[DynamicMessage]) -> String {
    let Some(first) = messages.first() else {
        return String::new();
    };
    let descriptor = first.descriptor();
    let named = columns(descriptor.full_name()).iter();
    let mut fields: Vec<FieldDescriptor> = named
        .filter_map(|name| descriptor.get_field_by_name(name))
        .collect();
    if fields.is_empty() {
        fields.extend(descriptor.fields());
    }
    let header: Vec<_> = fields
        .iter()
        .map(|field| label(field.name()).to_uppercase())
        .collect();
    let mut table = new_table(&header);
    for message in messages {
        let row: Vec<_> = fields.iter().map(|field| cell(message, field)).collect();
        table.add_row(row);
    }
    table.trim_fmt()
}

fn cell(message: &DynamicMessage, field: &FieldDescriptor) -> String {
    if field.supports_presence() && !message.has_field(field) {
        return "-".to_owned();
    }
    let value = message.get_field(field);
    // A list says that a longer term waits, not all of who wants it and why.
    if let Some(renewal) = value.as_message()
        && renewal.descriptor().full_name() == "sandyq.v1.Renewal"
        && let Some(end) = renewal.descriptor().get_field_by_name("expire_time")
    {
        let end = text::value(&end, &renewal.get_field(&end));
        return format!("asked until {end}");
    }
    let shown = text::value(field, &value);
    if shown.is_empty() {
        "-".to_owned()
    } else {
        shown
    }
}

/// All fields that are set, one a line; lists of messages follow as tables of their own.
fn details(message: &DynamicMessage) -> String {
    let mut lines = Vec::new();
    let mut tables = Vec::new();
    let width = message
        .descriptor()
        .fields()
        .map(|field| label(field.name()).len())
        .max()
        .unwrap_or(0);
    for field in message.descriptor().fields() {
        if field.supports_presence() && !message.has_field(&field) {
            continue;
        }
        let value = message.get_field(&field);
        if let (Kind::Message(_), Value::List(items)) = (field.kind(), value.as_ref()) {
            let messages: Vec<_> = items
                .iter()
                .filter_map(Value::as_message)
                .cloned()
                .collect();
            if !messages.is_empty() {
                tables.push(format!("\n{}:\n{}", label(field.name()), table(&messages)));
            }
            continue;
        }
        let shown = text::value(&field, &value);
        if !shown.is_empty() {
            lines.push(format!("{:width$}  {shown}", label(field.name())));
        }
    }
    lines.extend(tables);
    lines.join("\n")
}

/// A field's name for people: the units are in the value already.
fn label(field: &str) -> String {
    let bare = ["_bytes", "_duration"]
        .iter()
        .find_map(|suffix| field.strip_suffix(suffix))
        .unwrap_or(field);
    bare.replace('_', " ")
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests fail by panicking"
    )]

    use super::*;

    fn job() -> v1::Job {
        v1::Job {
            name: "sandboxes/s/jobs/j".into(),
            state: v1::job::State::TimedOut.into(),
            cause_of_death: v1::CauseOfDeath::TimedOut.into(),
            command: vec!["a".into(), "b\u{1b}[2J".into()],
            limits: Some(v1::Limits {
                memory_bytes: 1 << 30,
                ..Default::default()
            }),
            create_time: Some(prost_types::Timestamp {
                seconds: 0,
                nanos: 5,
            }),
            ..Default::default()
        }
    }

    #[test]
    fn details_show_states_sizes_and_times_for_people() {
        let printer = Printer::new(Format::Table).unwrap();
        let shown = details(&printer.reflect(&job()).unwrap());
        let state = |line: &str| line.split_whitespace().eq(["state", "TIMED_OUT"]);
        assert!(shown.lines().any(state), "{shown}");
        assert!(shown.contains("memory 1 GiB"), "{shown}");
        assert!(shown.contains("1970-01-01 00:00:00 UTC"), "{shown}");
        assert!(!shown.contains('\u{1b}'), "{shown}");
    }

    #[test]
    fn json_is_that_of_the_interface() {
        let printer = Printer::new(Format::Json).unwrap();
        let text = json(&printer.reflect(&job()).unwrap(), false).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["state"], "STATE_TIMED_OUT");
        assert_eq!(value["limits"]["memory_bytes"], 1 << 30);
        assert_eq!(value["name"], "sandboxes/s/jobs/j");
    }

    #[test]
    fn every_column_is_a_field_of_its_message() {
        let pool = Printer::new(Format::Table).unwrap().pool;
        for message in pool.all_messages() {
            for column in columns(message.full_name()) {
                assert!(
                    message.get_field_by_name(column).is_some(),
                    "{} has no {column}",
                    message.full_name()
                );
            }
        }
    }

    #[test]
    fn lists_have_a_header_and_a_row_each() {
        let printer = Printer::new(Format::Table).unwrap();
        let shown = table(&[
            printer.reflect(&job()).unwrap(),
            printer.reflect(&job()).unwrap(),
        ]);
        assert_eq!(
            shown
                .lines()
                .filter(|line| line.contains("sandboxes/s/jobs/j"))
                .count(),
            2,
            "{shown}"
        );
        assert!(
            shown.lines().next().unwrap().contains("CAUSE OF DEATH"),
            "{shown}"
        );
    }

    #[test]
    fn a_list_of_grants_shows_that_a_longer_term_waits() {
        let printer = Printer::new(Format::Table).unwrap();
        let grant = v1::Grant {
            name: "grants/g".into(),
            renewal: Some(v1::Renewal {
                expire_time: Some(prost_types::Timestamp::default()),
                justification: "one more season".into(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let shown = table(&[printer.reflect(&grant).unwrap()]);
        assert!(shown.contains("asked until 1970-01-01"), "{shown}");
        assert!(!shown.contains("season"), "{shown}");
    }

    #[test]
    fn a_list_within_a_message_shows_its_rows() {
        let printer = Printer::new(Format::Table).unwrap();
        let grant = v1::Grant {
            approvals: vec![v1::Approval {
                user: "users/owner".into(),
                ..Default::default()
            }],
            ..Default::default()
        };
        let shown = details(&printer.reflect(&grant).unwrap());
        let (_, approvals) = shown.split_once("approvals:\n").unwrap();
        assert!(approvals.contains("USER"), "{shown}");
        assert!(approvals.contains("users/owner"), "{shown}");
    }
}
