//! The terminal of a command, from init's side: what is typed into it, and when it is closed.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags};

use crate::pty;
use crate::terminal::{MOST_INPUT, Message, Reader, Size};

/// What was typed and not yet taken; then nothing more is read.
const MOST_WAITING: usize = 4 * MOST_INPUT;

/// How often is read before init looks after everything else.
const MOST_READS: usize = 16;

/// For a command to end after its terminal was closed; then everything is killed.
const GOODBYE: Duration = Duration::from_secs(1);

/// A command's terminal.
pub struct Session {
    /// Where messages come from, until it is closed.
    from: Option<OwnedFd>,
    reader: Reader,
    /// The terminal, once the command was started.
    master: Option<OwnedFd>,
    waiting: Vec<u8>,
    /// The longest pause in what is typed.
    idle: Duration,
    /// When something was typed last.
    heard: Duration,
    closed: Option<Duration>,
}

impl Session {
    /// A session whose messages come by the standard input.
    pub fn new(idle: Duration, now: Duration) -> nix::Result<Self> {
        let from = std::io::stdin()
            .as_fd()
            .try_clone_to_owned()
            .map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(0)))?;
        let flags = OFlag::from_bits_truncate(fcntl(&from, FcntlArg::F_GETFL)?);
        fcntl(&from, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
        Ok(Self {
            from: Some(from),
            reader: Reader::default(),
            master: None,
            waiting: Vec::new(),
            idle,
            heard: now,
            closed: None,
        })
    }

    /// Reads what was sent. Gives the size with which the command is to be started, when it is.
    pub fn listen(&mut self, now: Duration) -> Option<Size> {
        let mut begin = None;
        // Whoever sends without a pause does not keep init from its clock.
        for _ in 0..MOST_READS {
            if self.waiting.len() >= MOST_WAITING {
                break;
            }
            let Some(from) = &self.from else { break };
            let mut piece = [0; MOST_INPUT];
            match nix::unistd::read(from, &mut piece) {
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => break,
                Ok(read @ 1..) => match self.reader.push(piece.get(..read).unwrap_or_default()) {
                    Ok(messages) => begin = self.obey(messages, now).or(begin),
                    Err(_) => self.from = None,
                },
                // Whoever typed went away.
                _ => self.from = None,
            }
        }
        self.type_in();
        begin
    }

    fn obey(&mut self, messages: Vec<Message>, now: Duration) -> Option<Size> {
        let mut begin = None;
        for message in messages {
            match (message, &self.master) {
                (Message::Size(size), None) => begin = Some(size),
                // A size that cannot be set is no reason to end a session.
                (Message::Size(size), Some(master)) => drop(pty::resize(master, size)),
                (Message::Input(bytes), _) => {
                    self.heard = now;
                    self.waiting.extend(bytes);
                }
            }
        }
        begin
    }

    /// The command was started on this terminal.
    pub fn begin(&mut self, master: OwnedFd) {
        self.master = Some(master);
    }

    /// Gives the command what was typed, as far as it takes it.
    fn type_in(&mut self) {
        let Some(master) = &self.master else { return };
        while !self.waiting.is_empty() {
            match nix::unistd::write(master, &self.waiting) {
                Ok(written) => drop(self.waiting.drain(..written)),
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return,
                // Nobody has the other end open any more.
                Err(_) => self.waiting.clear(),
            }
        }
    }

    /// Why the terminal is to be closed now; told once.
    pub fn closing(&mut self, now: Duration, printed_too_much: bool) -> Option<&'static str> {
        if self.closed.is_some() {
            return None;
        }
        let why = if self.from.is_none() {
            "the terminal was closed"
        } else if printed_too_much {
            "the terminal has shown what it may"
        } else if now >= self.heard + self.idle {
            "nothing was typed for too long"
        } else {
            return None;
        };
        self.closed = Some(now);
        Some(why)
    }

    /// Whether the terminal was closed, and the command had its time to end.
    pub fn is_over(&self, now: Duration) -> bool {
        self.closed.is_some() && now >= self.due()
    }

    /// When it is to be looked at again at the latest.
    pub fn due(&self) -> Duration {
        self.closed
            .map_or(self.heard + self.idle, |closed| closed + GOODBYE)
    }

    /// What is waited for.
    pub fn polled(&self) -> Vec<PollFd<'_>> {
        let from = self
            .from
            .iter()
            .filter(|_| self.waiting.len() < MOST_WAITING)
            .map(|from| PollFd::new(from.as_fd(), PollFlags::POLLIN));
        let master = self
            .master
            .iter()
            .filter(|_| !self.waiting.is_empty())
            .map(|master| PollFd::new(master.as_fd(), PollFlags::POLLOUT));
        from.chain(master).collect()
    }
}
