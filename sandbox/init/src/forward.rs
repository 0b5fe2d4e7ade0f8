//! The one way into a container without a network: a Unix socket that the host sees, forwarded to a port of the
//! container's own loopback.
//!
//! Connections begin at the socket alone; nothing that the job does opens one the other way. One thread carries all of
//! them and never waits for any, so the loop that holds the deadline has nothing to do with it, and the job cannot keep it
//! from its work by taking all processes. What is on its way is bounded: so many connections, two buffers each.

use std::io::{ErrorKind, Read, Result, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread::Builder;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// The folder in the container that holds the socket and nothing else.
pub const FOLDER: &str = "/.sandyq/serve";
/// The socket's name in it.
pub const SOCKET: &str = "http";
/// Connections at one time; others wait outside, in the socket's own queue.
pub const MOST_CONNECTIONS: usize = 32;

/// Bytes on their way in one direction of a connection.
const BUFFER_BYTES: usize = 16 << 10;
const STACK_BYTES: usize = 128 << 10;
/// Loopback answers at once, unless the job lets connections pile up.
const CONNECT: Duration = Duration::from_millis(100);

/// Begins to listen in a folder, and forwards from then on to the port, in a thread of its own that ends with the process.
///
/// # Errors
/// The socket or the thread cannot be made.
pub fn begin(folder: &Path, port: u16) -> Result<()> {
    let socket = folder.join(SOCKET);
    match std::fs::remove_file(&socket) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&socket)?;
    listener.set_nonblocking(true)?;
    let target = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let carry = move || run(&listener, &target);
    Builder::new().stack_size(STACK_BYTES).spawn(carry)?;
    Ok(())
}

fn run(listener: &UnixListener, target: &SocketAddr) {
    let mut open: Vec<Connection> = Vec::new();
    loop {
        let room = open.len() < MOST_CONNECTIONS;
        let Ok(stirred) = wait(listener, room, &open) else {
            std::thread::sleep(CONNECT);
            continue;
        };
        let mut stirred = stirred.into_iter();
        open.retain_mut(|connection| match stirred.next() {
            Some(Stirred::No) | None => true,
            Some(Stirred::Moves) => connection.step().is_ok_and(|goes_on| goes_on),
            Some(Stirred::Gone) => false,
        });
        if room {
            accept(listener, target, &mut open);
        }
    }
}

/// What poll(2) told of a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stirred {
    No,
    Moves,
    /// Whoever called has gone; nobody waits for an answer.
    Gone,
}

/// Waits until something can be done; tells for each connection what.
fn wait(listener: &UnixListener, room: bool, open: &[Connection]) -> nix::Result<Vec<Stirred>> {
    let mut wanted = Vec::with_capacity(1 + 2 * open.len());
    let mut places = Vec::with_capacity(open.len());
    if room {
        wanted.push(PollFd::new(listener.as_fd(), PollFlags::POLLIN));
    }
    for connection in open {
        let (outside, inside) = connection.wishes();
        let first = wanted.len();
        wanted.push(PollFd::new(connection.outside.as_fd(), outside));
        // Asked for nothing, it would still tell that it was closed, again and again.
        if !inside.is_empty() {
            wanted.push(PollFd::new(connection.inside.as_fd(), inside));
        }
        places.push(first..wanted.len());
    }
    match poll(&mut wanted, PollTimeout::NONE) {
        Err(nix::Error::EINTR) => return Ok(vec![Stirred::No; open.len()]),
        other => other.map(drop)?,
    }
    let told = |fd: &PollFd<'_>| fd.revents().unwrap_or(PollFlags::empty());
    let stirred = |place: std::ops::Range<usize>| {
        let fds = wanted.get(place).unwrap_or_default();
        let gone = PollFlags::POLLHUP | PollFlags::POLLERR | PollFlags::POLLNVAL;
        match fds {
            [outside, ..] if told(outside).intersects(gone) => Stirred::Gone,
            fds if fds.iter().any(|fd| !told(fd).is_empty()) => Stirred::Moves,
            _ => Stirred::No,
        }
    };
    Ok(places.into_iter().map(stirred).collect())
}

/// Takes in who waits, as far as there is room. Where the job does not serve, the caller sees a closed connection.
fn accept(listener: &UnixListener, target: &SocketAddr, open: &mut Vec<Connection>) {
    while open.len() < MOST_CONNECTIONS {
        match listener.accept() {
            Ok((outside, _)) => open.extend(Connection::through(outside, target)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return,
            // Out of descriptors, for instance; they come back.
            Err(_) => return std::thread::sleep(CONNECT),
        }
    }
}

struct Connection {
    outside: UnixStream,
    inside: TcpStream,
    inward: Direction,
    outward: Direction,
}

impl Connection {
    fn through(outside: UnixStream, target: &SocketAddr) -> Result<Self> {
        let inside = TcpStream::connect_timeout(target, CONNECT)?;
        inside.set_nonblocking(true)?;
        inside.set_nodelay(true)?;
        outside.set_nonblocking(true)?;
        Ok(Self {
            outside,
            inside,
            inward: Direction::new(),
            outward: Direction::new(),
        })
    }

    /// What is to be waited for, outside and inside.
    fn wishes(&self) -> (PollFlags, PollFlags) {
        let mut wishes = (PollFlags::empty(), PollFlags::empty());
        wishes.0.set(PollFlags::POLLIN, self.inward.reads());
        wishes.0.set(PollFlags::POLLOUT, self.outward.writes());
        wishes.1.set(PollFlags::POLLIN, self.outward.reads());
        wishes.1.set(PollFlags::POLLOUT, self.inward.writes());
        wishes
    }

    /// Carries what can be carried; says whether the connection goes on. It ends with the answer.
    fn step(&mut self) -> Result<bool> {
        self.inward.carry(&self.outside, &self.inside)?;
        if self.inward.ends_now() {
            self.inside.shutdown(Shutdown::Write)?;
        }
        self.outward.carry(&self.inside, &self.outside)?;
        Ok(!self.outward.ends_now())
    }
}

/// One direction: a piece is read, and the next one only once that is written.
struct Direction {
    buffer: Box<[u8]>,
    begin: usize,
    end: usize,
    closed: bool,
    told: bool,
}

impl Direction {
    fn new() -> Self {
        Self {
            buffer: vec![0; BUFFER_BYTES].into(),
            begin: 0,
            end: 0,
            closed: false,
            told: false,
        }
    }

    fn writes(&self) -> bool {
        self.begin < self.end
    }

    fn reads(&self) -> bool {
        !self.writes() && !self.closed
    }

    /// True once, when everything has been carried.
    fn ends_now(&mut self) -> bool {
        let ends = self.closed && !self.writes() && !self.told;
        self.told |= ends;
        ends
    }

    fn carry(&mut self, mut from: impl Read, mut to: impl Write) -> Result<()> {
        if self.reads()
            && let Some(read) = unless_it_waits(from.read(&mut self.buffer))?
        {
            (self.begin, self.end) = (0, read);
            self.closed = read == 0;
        }
        while let Some(rest) = self.buffer.get(self.begin..self.end)
            && !rest.is_empty()
        {
            match unless_it_waits(to.write(rest))? {
                Some(0) => return Err(ErrorKind::WriteZero.into()),
                Some(written) => self.begin += written,
                None => return Ok(()),
            }
        }
        Ok(())
    }
}

fn unless_it_waits(moved: Result<usize>) -> Result<Option<usize>> {
    match moved {
        Ok(moved) => Ok(Some(moved)),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "tests fail by panicking"
    )]
    use std::net::TcpListener;
    use std::path::PathBuf;

    use super::*;

    /// A folder that goes with the test.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let name = format!("sandyq-forward-{name}-{}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            std::fs::create_dir(&folder).unwrap();
            Self(folder)
        }

        fn call(&self) -> UnixStream {
            let connection = UnixStream::connect(self.0.join(SOCKET)).unwrap();
            let patience = Some(Duration::from_secs(10));
            connection.set_read_timeout(patience).unwrap();
            connection
        }

        /// All that is answered to a text and its end.
        fn ask(&self, text: &[u8]) -> Vec<u8> {
            let mut connection = self.call();
            connection.write_all(text).unwrap();
            connection.shutdown(Shutdown::Write).unwrap();
            let mut answer = Vec::new();
            connection.read_to_end(&mut answer).unwrap();
            answer
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    /// Answers each connection with what it sent, backwards, once it has sent all.
    fn backwards() -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                std::thread::spawn(move || {
                    let mut connection = connection.unwrap();
                    let mut text = Vec::new();
                    connection.read_to_end(&mut text).unwrap();
                    text.reverse();
                    // Who asked may have gone.
                    let _ = connection.write_all(&text);
                });
            }
        });
        port
    }

    #[test]
    fn both_directions_arrive_whole_and_connections_are_bounded() {
        let folder = Folder::new("whole");
        // What an earlier process left does not matter.
        std::fs::write(folder.0.join(SOCKET), b"").unwrap();
        begin(&folder.0, backwards()).unwrap();
        let long: Vec<u8> = (0..1_000_000_u32).map(|n| (n % 251) as u8).collect();
        let mut expected = long.clone();
        expected.reverse();
        assert_eq!(folder.ask(&long), expected);

        let held: Vec<UnixStream> = (0..MOST_CONNECTIONS).map(|_| folder.call()).collect();
        let mut waiting = folder.call();
        let moment = Some(Duration::from_millis(300));
        waiting.set_read_timeout(moment).unwrap();
        waiting.write_all(b"ab").unwrap();
        waiting.shutdown(Shutdown::Write).unwrap();
        assert!(waiting.read(&mut [0]).is_err(), "one too many waits");
        drop(held);
        let patience = Some(Duration::from_secs(10));
        waiting.set_read_timeout(patience).unwrap();
        let mut answer = Vec::new();
        waiting.read_to_end(&mut answer).unwrap();
        assert_eq!(answer, b"ba", "its turn comes when others have gone");
    }

    #[test]
    fn who_reads_nothing_holds_up_nobody_else() {
        let folder = Folder::new("slow");
        begin(&folder.0, backwards()).unwrap();
        let mut slow = folder.call();
        slow.write_all(&vec![7; 4 << 20]).unwrap();
        slow.shutdown(Shutdown::Write).unwrap();
        assert_eq!(folder.ask(b"abc"), b"cba");
        let mut answer = Vec::new();
        slow.read_to_end(&mut answer).unwrap();
        assert_eq!(answer.len(), 4 << 20, "and gets it all the same");
    }

    #[test]
    fn a_job_that_does_not_serve_is_seen_as_a_closed_connection() {
        let folder = Folder::new("closed");
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        begin(&folder.0, port).unwrap();
        let mut connection = folder.call();
        assert_eq!(connection.read(&mut [0]).unwrap(), 0);
    }
}
