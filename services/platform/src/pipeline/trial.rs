//! A trial decode in a process of its own.
//!
//! The decoder of Parquet believes lengths that a file declares, and an allocation that cannot be had ends the process that asks
//! for it; no handler runs. So bytes that nobody has vouched for are decoded first by another process of this program, bounded in memory
//! and processor time. What it survived, the server decodes itself.

use std::io::{self, Read};
use std::process::{Command, Stdio};

/// The command of this program that decodes its standard input.
const DECODER: &str = "decode-parquet";

/// Whether a process lived through decoding the bytes, whatever it thought of them.
///
/// # Errors
/// The source's, or that no process could be started.
pub(super) fn survives(mut source: impl Read) -> io::Result<bool> {
    let mut decoder = Command::new("/proc/self/exe")
        .arg(DECODER)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut stdin) = decoder.stdin.take() {
        match io::copy(&mut source, &mut stdin) {
            // It died, or has seen more than any file may hold; its status tells.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            Err(error) => {
                drop(stdin);
                decoder.wait()?;
                return Err(error);
            }
            Ok(_) => {}
        }
    }
    Ok(decoder.wait()?.success())
}
