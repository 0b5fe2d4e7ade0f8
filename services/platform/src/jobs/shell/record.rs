//! The record of a session: an asciicast of version 2 (a header, then a line of JSON for each event), encrypted as it is written.
//! The audit log names its hash and size.

use std::time::Instant;

use sandyq_proto::v1::shell_end::Reason;
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
        self.writer.write(format!("{value}\n").as_bytes()).await?;
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
        self.event("i", &String::from_utf8_lossy(bytes)).await
    }

    /// The terminal has another size.
    pub async fn resized(&mut self, size: Size) -> Result<()> {
        self.event("r", &format!("{}x{}", size.columns, size.rows))
            .await
    }

    /// Ends the record and keeps it with the job.
    pub async fn keep(self, platform: &Platform, job: &str, reason: Reason) -> Result<()> {
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
