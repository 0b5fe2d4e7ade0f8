//! The program; see the library beside it.

use std::process::ExitCode;

fn main() -> ExitCode {
    sandyq_init::supervise::main(std::env::args_os().skip(1))
}
