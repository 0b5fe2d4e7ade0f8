//! Telling how far the work has come, and ending it at Ctrl-C.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sandyq_anonymizer::{Cancel, Progress, Stage};

use crate::errors::{Exit, Failure, Result};
use crate::output::{Format, note};

/// After Ctrl-C the work may take so long to end by itself.
const GRACE: Duration = Duration::from_millis(700);

/// Files to be removed if the program has to be ended from outside.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Lets a file be removed at Ctrl-C.
pub fn remove_at_interrupt(path: &Path) {
    if let Ok(mut files) = UNFINISHED.lock() {
        files.push(path.to_owned());
    }
}

/// Watches over the work.
pub struct Watch {
    bar: ProgressBar,
    cancel: Cancel,
}

impl Watch {
    /// Begins to listen for Ctrl-C.
    pub fn start(form: Format) -> Result<Self> {
        let shown = form == Format::Table && std::io::stderr().is_terminal();
        let target = if shown {
            ProgressDrawTarget::stderr_with_hz(10)
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        let cancel = Cancel::new();
        let flag = cancel.clone();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::general(format!("cannot start: {error}")))?;
        std::thread::spawn(move || {
            if runtime.block_on(tokio::signal::ctrl_c()).is_err() {
                return;
            }
            flag.cancel();
            // The work ends by itself, unless it is where it does not look up.
            std::thread::sleep(GRACE);
            if let Ok(files) = UNFINISHED.lock() {
                for file in files.iter() {
                    let _ = std::fs::remove_file(file);
                }
            }
            note("error: interrupted; nothing was written");
            std::process::exit(Exit::Interrupted as i32);
        });
        Ok(Self { bar, cancel })
    }

    /// The flag that Ctrl-C raises.
    pub fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// A step whose length is not known has begun.
    pub fn say(&self, what: &'static str) {
        self.bar.set_style(ProgressStyle::default_spinner());
        self.bar.set_message(what);
        self.bar.tick();
    }

    /// How far a step has come, with an estimate of the time that is left.
    pub fn tell(&self, progress: Progress) {
        let what = match progress.stage {
            Stage::Plan => "searching",
            Stage::Execute => "making",
            Stage::Verify => "measuring",
        };
        if self.bar.message() != what {
            self.bar.reset();
            self.bar.set_message(what);
            let style =
                ProgressStyle::with_template("{msg:10} {wide_bar} {percent:>3} %  {eta} left");
            self.bar
                .set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        }
        self.bar.set_length(progress.total);
        self.bar.set_position(progress.done);
    }

    /// How many bytes of a file were read.
    pub fn reach(&self, done: u64, total: u64) {
        if self.bar.length() != Some(total) {
            let style = ProgressStyle::with_template(
                "{msg:10} {wide_bar} {bytes} of {total_bytes}  {eta} left",
            );
            self.bar
                .set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            self.bar.set_length(total);
        }
        self.bar.set_position(done);
    }

    /// The work has ended.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
