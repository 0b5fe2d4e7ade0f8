//! The loop around one command: its deadline, its signals, its children, its output.

use std::ffi::OsString;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::sys::signalfd::SignalFd;
use nix::time::{ClockId, clock_gettime};

use crate::arguments::Plan;
use crate::budget::{Budget, Rate};
use crate::counters::Counters;
use crate::frame::{Frame, MOST_PAYLOAD, Stream};
use crate::login::{LOGIN, become_command};
use crate::output::{Output, complain};
use crate::pty;
use crate::report::{End, Report};
use crate::session::Session;
use crate::tree::{Tree, close_inherited};
use crate::{CODE_FAILED, forward, signals};

/// The engine notes a container's start a moment after the fact. By so much later is the
/// deadline here, so that a job has its whole time by every clock.
const ALLOWANCE: Duration = Duration::from_millis(200);
/// The longest sleep: the clock that counts a suspended machine's time is looked at, and
/// poll(2) sleeps by another.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// For what was printed before the deadline to be written after it.
const LATE_FLUSH: Duration = Duration::from_millis(300);
/// For the end of a log to be written when the engine does not read, before the deadline.
const FLUSH: Duration = Duration::from_secs(5);
/// How often everybody is killed again while somebody is left.
const KILL_PERIOD: Duration = Duration::from_millis(20);

/// Runs the program: reads arguments, runs the command, exits as it did.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let failed = |text: String| {
        complain(&text);
        CODE_FAILED
    };
    let mut arguments = arguments.into_iter().peekable();
    if arguments.next_if(|first| first == LOGIN).is_some() {
        let command: Vec<OsString> = arguments.collect();
        return become_command(&command);
    }
    let code = match Plan::parse(arguments) {
        Ok(plan) => run(&plan).unwrap_or_else(|error| failed(format!("cannot begin: {error}"))),
        Err(error) => failed(error.to_string()),
    };
    ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
}

/// Runs the command to its end or its deadline. Gives the exit code of the container.
///
/// # Errors
/// The system does not give what init needs; nothing was run then.
pub fn run(plan: &Plan) -> nix::Result<i32> {
    close_inherited();
    let output = Output::new()?;
    if let Some(port) = plan.serve_port {
        // Before the job is there, which might take all processes that may be.
        signals::apart(|| forward::begin(Path::new(forward::FOLDER), port))?
            .map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(0)))?;
    }
    let begin = now()?;
    let (tree, pipes, session) = match plan.terminal_idle {
        None => {
            let (tree, pipes) = Tree::plant(plan)?;
            (tree, (Some(pipes.stdout), Some(pipes.stderr)), None)
        }
        // The command waits for whoever is to see it.
        Some(idle) => (
            Tree::bare()?,
            (None, None),
            Some(Session::new(idle, begin)?),
        ),
    };
    let signals = signals::hold()?;
    let mut supervisor = Supervisor {
        begin,
        deadline: begin + plan.wall_clock + ALLOWANCE,
        grace: plan.grace,
        asked: false,
        late: false,
        until: None,
        kill_at: Duration::ZERO,
        read_at: begin,
        tree,
        stdout: pipes.0,
        stderr: pipes.1,
        session,
        command: &plan.command,
        budget: Budget::new(plan.log_bytes),
        rate: Rate::new(plan.log_rate, begin),
        output,
        signals,
    };
    supervisor.run()?;
    Ok(supervisor.report()?.container_code())
}

/// Time since some moment, with what the machine slept.
fn now() -> nix::Result<Duration> {
    clock_gettime(ClockId::CLOCK_BOOTTIME)
        .or_else(|_| clock_gettime(ClockId::CLOCK_MONOTONIC))
        .map(Duration::from)
}

struct Supervisor<'a> {
    begin: Duration,
    deadline: Duration,
    grace: Duration,
    /// Everybody was asked to end, because the deadline is near.
    asked: bool,
    /// The deadline has passed.
    late: bool,
    /// The command has ended, or must; until this time is waited for the rest.
    until: Option<Duration>,
    kill_at: Duration,
    /// From when on the pipes are read again.
    read_at: Duration,
    tree: Tree,
    stdout: Option<OwnedFd>,
    stderr: Option<OwnedFd>,
    /// Where the command has a terminal.
    session: Option<Session>,
    command: &'a [OsString],
    budget: Budget,
    rate: Rate,
    output: Output,
    signals: SignalFd,
}

impl Supervisor<'_> {
    fn run(&mut self) -> nix::Result<()> {
        loop {
            let now = now()?;
            self.tree.reap();
            self.by_the_clock(now);
            if let Some(until) = self.until {
                let drained = self.stdout.is_none() && self.stderr.is_none();
                if now >= until || (drained && self.tree.is_empty()) {
                    return Ok(());
                }
            }
            self.sleep(now)?;
            for signal in signals::read(&self.signals) {
                self.tree.pass_on(signal);
            }
            self.output.flush();
            self.listen(now)?;
            self.read()?;
        }
    }

    /// Passes on what is typed into the command's terminal, and closes it when it is time.
    fn listen(&mut self, now: Duration) -> nix::Result<()> {
        let Some(session) = &mut self.session else {
            return Ok(());
        };
        if let Some(size) = session.listen(now) {
            let terminal = pty::open(size)?;
            session.begin(terminal.master.try_clone().map_err(|_| Errno::EMFILE)?);
            self.tree.log_in(self.command, terminal.slave);
            self.stdout = Some(terminal.master);
        }
        if let Some(why) = session.closing(now, !self.budget.passes_on()) {
            self.output.push(&Frame::Note(why.into()).encode());
            self.tree.signal_everybody(Signal::SIGHUP);
        }
        Ok(())
    }

    /// What the time calls for.
    fn by_the_clock(&mut self, now: Duration) {
        if self.until.is_none() {
            if now >= self.deadline {
                self.late = true;
                self.until = Some(now + LATE_FLUSH);
            } else if self.tree.end().is_some() {
                self.late = self.asked;
                self.until = Some((now + FLUSH).min(self.deadline + LATE_FLUSH));
            } else if self
                .session
                .as_ref()
                .is_some_and(|session| session.is_over(now))
            {
                self.until = Some(now + LATE_FLUSH);
            } else if !self.grace.is_zero() && now >= self.deadline - self.grace && !self.asked {
                self.asked = true;
                self.tree.signal_everybody(Signal::SIGTERM);
            }
        }
        // Who was let in from outside meanwhile goes too.
        if self.until.is_some() && now >= self.kill_at {
            self.tree.signal_everybody(Signal::SIGKILL);
            self.kill_at = now + KILL_PERIOD;
        }
    }

    /// Until something happens, or is due.
    fn sleep(&mut self, now: Duration) -> nix::Result<()> {
        let ending = self.until.is_some();
        let reading = self.output.is_clear() && (ending || now >= self.read_at);
        let mut due = now + LONGEST_SLEEP;
        let mut also = |time: Duration| due = due.min(time.max(now));
        match self.until {
            Some(until) => {
                also(until);
                also(self.kill_at);
            }
            None => {
                also(self.deadline);
                if let Some(session) = &self.session {
                    also(session.due());
                }
                if !self.asked && !self.grace.is_zero() {
                    also(self.deadline - self.grace);
                }
            }
        }
        if !reading && self.output.is_clear() {
            also(self.read_at);
        }
        let mut wanted = vec![PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
        if reading {
            let pipes = [&self.stdout, &self.stderr].into_iter().flatten();
            wanted.extend(pipes.map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLIN)));
        }
        wanted.extend(self.session.iter().flat_map(Session::polled));
        if !self.output.is_clear() {
            wanted.push(PollFd::new(self.output.as_fd(), PollFlags::POLLOUT));
        }
        // Rounded up, so that nothing is looked at before it is due.
        let millis = (due - now).as_micros().div_ceil(1000);
        let timeout = PollTimeout::try_from(millis).unwrap_or(PollTimeout::MAX);
        match poll(&mut wanted, timeout) {
            Err(nix::Error::EINTR) => Ok(()),
            other => other.map(drop),
        }
    }

    /// A piece of each stream, as far as it may be read now.
    fn read(&mut self) -> nix::Result<()> {
        for stream in [Stream::Stdout, Stream::Stderr] {
            let now = now()?;
            let ending = self.until.is_some();
            if !self.output.is_clear() || (!ending && now < self.read_at) {
                return Ok(());
            }
            let pipe = match stream {
                Stream::Stdout => &mut self.stdout,
                Stream::Stderr => &mut self.stderr,
            };
            let Some(open) = pipe else { continue };
            let mut piece = [0; MOST_PAYLOAD];
            match nix::unistd::read(open, &mut piece) {
                Ok(0) => *pipe = None,
                Ok(read) => self.take(stream, piece.get(..read).unwrap_or_default(), now),
                Err(nix::Error::EAGAIN | nix::Error::EINTR) => {}
                Err(_) => *pipe = None,
            }
        }
        Ok(())
    }

    fn take(&mut self, stream: Stream, piece: &[u8], now: Duration) {
        let frames = self.budget.take(stream, piece);
        if !frames.is_empty() {
            self.read_at = self.rate.spend(frames.len(), now);
            self.output.push(&frames);
        }
    }

    /// The last word.
    fn report(&mut self) -> nix::Result<Report> {
        let tail = self.budget.finish();
        let report = Report {
            end: self.tree.end().unwrap_or(End::Unknown),
            deadline: self.late,
            wall: now()?.saturating_sub(self.begin),
            counters: Counters::read(),
            log_bytes: self.budget.written(),
            log_dropped_bytes: self.budget.dropped(),
        };
        self.output.push(&tail);
        self.output.push(&Frame::Report(report).encode());
        // Whoever is still reading gets a moment to do so; the deadline's is short.
        let until = self.until.unwrap_or(self.deadline).max(now()? + LATE_FLUSH);
        while !self.output.is_clear() && now()? < until {
            let mut wanted = [PollFd::new(self.output.as_fd(), PollFlags::POLLOUT)];
            let _ = poll(&mut wanted, PollTimeout::from(20_u8));
            self.output.flush();
        }
        Ok(report)
    }
}
