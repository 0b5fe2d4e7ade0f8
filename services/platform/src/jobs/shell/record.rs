//! The record of a session: an asciicast of version 2 (a header, then a line of JSON for each event), encrypted as it is written.
//! The audit log names its hash and size.

use std::fmt::Write as _;
use std::time::Instant;

use sandyq_proto::v1::shell_end::Reason;
use sandyq_sandbox::collect::is_invisible;
use sandyq_sandbox::terminal::Size;
use sandyq_store::{Change, ObjectWriter};
use serde_json::{Value, json};

use crate::call::system_event;
use crate::error::Result;
use crate::names;
use crate::platform::Platform;
use crate::records::job::{Job, Recorded};

/// Writes down what is typed and shown.
pub struct Recorder {
    writer: ObjectWriter,
    begin: Instant,
    shown: u64,
    typed: u64,
    keys: Keys,
}

impl Recorder {
    /// Begins a record.
    pub async fn begin(platform: &Platform, job: &str, size: Size) -> Result<Self> {
        let place = format!("{job}/terminal/{}", names::fresh_id('o'));
        let mut recorder = Self {
            writer: platform.objects.create(&place).await?,
            begin: Instant::now(),
            shown: 0,
            typed: 0,
            keys: Keys::default(),
        };
        let header = json!({
            "version": 2,
            "width": size.columns,
            "height": size.rows,
            "timestamp": platform.now().unix_timestamp(),
            "title": job,
            "env": {"TERM": "xterm-256color"},
        });
        recorder.line(&header).await?;
        Ok(recorder)
    }

    async fn line(&mut self, value: &Value) -> Result<()> {
        let line = plain(&value.to_string());
        self.writer.write(format!("{line}\n").as_bytes()).await?;
        Ok(())
    }

    async fn event(&mut self, code: &str, data: &str) -> Result<()> {
        let micros = self.begin.elapsed().as_micros();
        // As asciicasts have it: seconds with a fraction.
        let seconds = micros as f64 / 1e6;
        self.line(&json!([seconds, code, data])).await
    }

    /// Something was shown.
    pub async fn shown(&mut self, text: &str) -> Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        self.shown += text.len() as u64;
        self.event("o", text).await
    }

    /// Something was typed.
    pub async fn typed(&mut self, bytes: &[u8]) -> Result<()> {
        self.typed += bytes.len() as u64;
        let text = self.keys.text(bytes);
        if text.is_empty() {
            return Ok(());
        }
        self.event("i", &text).await
    }

    /// The terminal has another size.
    pub async fn resized(&mut self, size: Size) -> Result<()> {
        self.event("r", &format!("{}x{}", size.columns, size.rows))
            .await
    }

    /// Ends the record and keeps it with the job.
    pub async fn keep(mut self, platform: &Platform, job: &str, reason: Reason) -> Result<()> {
        let rest = self.keys.rest();
        if !rest.is_empty() {
            self.event("i", &rest).await?;
        }
        let seconds = self.begin.elapsed().as_secs();
        let object = self.writer.finish().await?;
        let recorded = Recorded {
            place: object.place.clone(),
            bytes: object.bytes,
            sha256: object.sha256.clone(),
        };
        let detail = [
            ("sha256", json!(recorded.sha256)),
            ("bytes", json!(recorded.bytes)),
            ("shown_bytes", json!(self.shown)),
            ("typed_bytes", json!(self.typed)),
            ("seconds", json!(seconds)),
            (
                "reason",
                json!(reason.as_str_name().trim_start_matches("REASON_")),
            ),
        ];
        platform
            .change::<Job>(job, |job| {
                let Some(shell) = &mut job.shell else {
                    return Ok(None);
                };
                shell.record = Some(recorded.clone());
                let event = system_event(
                    "ShellRecorded",
                    &job.name,
                    &job.organization,
                    detail.clone(),
                );
                Ok(Some(Change::new(event).keep_object(object.clone())))
            })
            .await?;
        Ok(())
    }
}

/// Typed bytes as text that hides none of them: a letter may come in two messages, and bytes that are no letter are written as
/// `\xNN`.
#[derive(Debug, Default)]
struct Keys {
    /// The beginning of a letter.
    begun: Vec<u8>,
}

impl Keys {
    fn text(&mut self, bytes: &[u8]) -> String {
        let mut all = std::mem::take(&mut self.begun);
        all.extend_from_slice(bytes);
        let mut text = String::new();
        let mut chunks = all.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            text.push_str(chunk.valid());
            let cut = std::str::from_utf8(chunk.invalid());
            let begun = cut.is_err_and(|error| error.error_len().is_none());
            if begun && chunks.peek().is_none() {
                self.begun = chunk.invalid().to_vec();
            } else {
                text.push_str(&escaped(chunk.invalid()));
            }
        }
        text
    }

    /// What was no letter in the end.
    fn rest(&mut self) -> String {
        escaped(&std::mem::take(&mut self.begun))
    }
}

/// JSON that is safe to look at with any program: characters that a terminal obeys, or that hide what stands beside them, are
/// escaped too.
fn plain(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_control() || is_invisible(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                // A String takes whatever is written to it.
                let _ = write!(text, "\\u{unit:04x}");
            }
        } else {
            text.push(c);
        }
    }
    text
}

fn escaped(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(messages: &[&[u8]]) -> String {
        let mut keys = Keys::default();
        let mut text: String = messages.iter().map(|bytes| keys.text(bytes)).collect();
        text.push_str(&keys.rest());
        text
    }

    #[test]
    fn a_record_is_safe_to_look_at() {
        let value = json!([1.5, "i", "a\u{9b}31m\u{202e}b\u{7f}\u{e0041}қ\r"]);
        let text = plain(&value.to_string());
        assert!(
            !text.contains(|c: char| c.is_control() || is_invisible(c)),
            "{text}"
        );
        assert!(text.contains('қ'), "{text}");
        assert_eq!(serde_json::from_str(&text).ok(), Some(value));
    }

    #[test]
    fn nothing_that_is_typed_is_hidden_from_the_record() {
        let text = "ls қала €𝄞\r";
        for size in 1..6 {
            let pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
            assert_eq!(recorded(&pieces), text, "in pieces of {size}");
        }
        for (bytes, text) in [
            (&b"a\xffb"[..], "a\\xffb"),
            (&b"\xe2\x82"[..], "\\xe2\\x82"),
            (&b"\xe2\x82a\xe2\x82"[..], "\\xe2\\x82a\\xe2\\x82"),
            (&b"\xe2\x82a\x80\xd0"[..], "\\xe2\\x82a\\x80\\xd0"),
            (&b"\xd0a\xd0\xd0\xb0"[..], "\\xd0a\\xd0а"),
        ] {
            for size in 1..6 {
                let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
                assert_eq!(recorded(&pieces), text, "{bytes:?} in pieces of {size}");
            }
        }
    }
}
