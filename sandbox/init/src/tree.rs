//! The processes of the container: the command, and whatever it starts.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, pipe2};

use crate::arguments::Plan;
use crate::login::LOGIN;
use crate::report::End;

/// All processes but the caller and the first one (kill(2)).
const EVERYBODY: Pid = Pid::from_raw(-1);

/// By how much the job's processes come before init when memory runs out.
const BEFORE_INIT: i32 = 100;

/// The running command.
pub struct Tree {
    main: Option<Pid>,
    end: Option<End>,
    anybody: bool,
}

/// Its pipes, to be read without waiting.
pub struct Pipes {
    pub stdout: OwnedFd,
    pub stderr: OwnedFd,
}

impl Tree {
    /// Nobody yet: the command is started later, on a terminal. From now on, no process of the same user can trace init or open
    /// what it has open.
    pub fn bare() -> nix::Result<Self> {
        nix::sys::prctl::set_dumpable(false)?;
        Ok(Self {
            main: None,
            end: None,
            anybody: false,
        })
    }

    /// Starts the command on a terminal, by init's own program.
    pub fn log_in(&mut self, command: &[OsString], terminal: File) {
        let started = || {
            let init = std::env::args_os()
                .next()
                .ok_or(std::io::ErrorKind::NotFound)?;
            Command::new(init)
                .arg(LOGIN)
                .args(command)
                .stdin(terminal.try_clone()?)
                .stdout(terminal.try_clone()?)
                .stderr(terminal)
                .spawn()
        };
        match started() {
            Ok(child) => {
                self.main = i32::try_from(child.id()).ok().map(Pid::from_raw);
                self.anybody = true;
            }
            Err(error) => self.end = Some(End::NotStarted(error.raw_os_error().unwrap_or(0))),
        }
    }

    /// Starts the command. From before on, no process of the same user can trace init or
    /// open what it has open.
    pub fn plant(plan: &Plan) -> nix::Result<(Self, Pipes)> {
        // Its file is root's once init is not dumpable, so it is opened first.
        let order = OomOrder::job_first();
        nix::sys::prctl::set_dumpable(false)?;
        let flags = OFlag::O_CLOEXEC;
        let (stdout, stdout_writer) = pipe2(flags)?;
        let (stderr, stderr_writer) = pipe2(flags)?;
        for pipe in [&stdout, &stderr] {
            fcntl(pipe, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        }
        let (program, arguments) = plan.command.split_first().ok_or(Errno::EINVAL)?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            // What a job sends to its own group is not for init.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(stdout_writer)
            .stderr(stderr_writer);
        // A thread has a niceness of its own, and hands it down.
        let started = std::thread::scope(|scope| {
            let starter = std::thread::Builder::new().spawn_scoped(scope, || {
                step_back();
                command.spawn()
            })?;
            let lost = |_| Err(std::io::Error::from_raw_os_error(Errno::EAGAIN as i32));
            starter.join().unwrap_or_else(lost)
        });
        drop(order);
        let tree = match started {
            Ok(child) => Self {
                main: i32::try_from(child.id()).ok().map(Pid::from_raw),
                end: None,
                anybody: true,
            },
            Err(error) => Self {
                main: None,
                end: Some(End::NotStarted(error.raw_os_error().unwrap_or(0))),
                anybody: false,
            },
        };
        Ok((tree, Pipes { stdout, stderr }))
    }

    /// Takes in whoever has ended; orphans too, whose parent init is.
    pub fn reap(&mut self) {
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::Exited(pid, code)) => self.ended(pid, End::Exit(code)),
                Ok(WaitStatus::Signaled(pid, signal, _)) => {
                    self.ended(pid, End::Signal(signal as i32));
                }
                Ok(WaitStatus::StillAlive) => return,
                Ok(_) | Err(Errno::EINTR) => {}
                Err(_) => {
                    self.anybody = false;
                    return;
                }
            }
        }
    }

    fn ended(&mut self, pid: Pid, end: End) {
        if self.main == Some(pid) {
            self.main = None;
            self.end = Some(end);
        }
    }

    /// How the command ended, once it has.
    pub fn end(&self) -> Option<End> {
        self.end
    }

    /// Whether any process is left to be waited for.
    pub fn is_empty(&self) -> bool {
        !self.anybody
    }

    /// Passes a signal on to the command alone, as a shell would.
    pub fn pass_on(&self, signal: Signal) {
        if let Some(main) = self.main {
            // It may have ended meanwhile.
            let _ = kill(main, signal);
        }
    }

    /// Sends a signal to every process of the container. The kernel does so in one go, so
    /// that no fork escapes it.
    pub fn signal_everybody(&self, signal: Signal) {
        // Outside a container this would end whatever the user runs.
        if nix::unistd::getpid().as_raw() == 1 {
            let _ = kill(EVERYBODY, signal);
        } else {
            self.pass_on(signal);
        }
    }
}

/// By how much the job's processes come after init when there is less processor time than
/// they want. Init lives on the same share as they do, and must not be late.
#[cfg(feature = "program")]
const AFTER_INIT: i32 = 10;

/// Has what the calling thread starts come after init. Where the system does not let it,
/// a starved job's deadline comes later.
pub fn step_back() {
    #[cfg(feature = "program")]
    let _ = rustix::process::nice(AFTER_INIT);
}

/// While this lives, what is started is killed for memory before init is: init's word
/// is worth more than its few pages. Where the kernel does not let it, nothing is lost
/// but that word.
pub struct OomOrder(Option<(File, i32)>);

impl OomOrder {
    pub fn job_first() -> Self {
        let raised = || -> std::io::Result<(File, i32)> {
            let path = "/proc/self/oom_score_adj";
            let mut file = OpenOptions::new().read(true).write(true).open(path)?;
            let mut text = String::new();
            file.read_to_string(&mut text)?;
            let own: i32 = text.trim().parse().map_err(std::io::Error::other)?;
            write!(file, "{}", (own + BEFORE_INIT).min(1000))?;
            Ok((file, own))
        };
        Self(raised().ok())
    }
}

impl Drop for OomOrder {
    fn drop(&mut self) {
        if let Some((file, own)) = &mut self.0 {
            let _ = write!(file, "{own}");
        }
    }
}

/// Closes what the runtime may have left open: init has nothing to hand down.
pub fn close_inherited() {
    let Ok(entries) = std::fs::read_dir("/proc/self/fd") else {
        return;
    };
    let open: Vec<i32> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|fd| *fd > 2)
        .collect();
    for fd in open {
        // The one of the listing itself is closed by now.
        let _ = nix::unistd::close(fd);
    }
}
