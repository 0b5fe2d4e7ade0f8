//! A command with a terminal, under each profile: the terminal is the command's, its ends are init's.

use std::pin::Pin;
use std::time::{Duration, Instant};

use futures::StreamExt;
use sandyq_sandbox::engine::{Attached, LogFrames};
use sandyq_sandbox::outcome::ending;
use sandyq_sandbox::spec::Terminal;
use sandyq_sandbox::terminal::{Size, encode_input, encode_size};
use sandyq_sandbox::{End, Engine, Isolation, JobSpec, Limits, Observed, Report, Usage};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use crate::attack::profiles;
use crate::support::{Bench, MIB};

/// For the last of what was printed to arrive.
const STRAGGLERS: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(30);

/// Somebody at a job's terminal.
struct Person {
    input: Option<Pin<Box<dyn AsyncWrite + Send>>>,
    output: LogFrames,
    screen: String,
}

impl Person {
    /// Starts a job and joins its terminal.
    async fn join(bench: &Bench, spec: &JobSpec) -> Self {
        bench.engine.create(spec).await.unwrap();
        bench.engine.start(spec.id()).await.unwrap();
        let Attached { input, output } = bench.engine.attach(spec.id()).await.unwrap();
        let mut person = Self {
            input: Some(input),
            output,
            screen: String::new(),
        };
        person.sends(encode_size(Size::new(80, 24))).await;
        person
    }

    async fn sends(&mut self, bytes: Vec<u8>) {
        self.input
            .as_mut()
            .unwrap()
            .write_all(&bytes)
            .await
            .unwrap();
    }

    async fn types(&mut self, text: &str) {
        self.sends(encode_input(text.as_bytes())).await;
    }

    async fn sees(&mut self, text: &str) {
        let begin = Instant::now();
        while !self.screen.contains(text) {
            let left = PATIENCE.saturating_sub(begin.elapsed());
            let frame = timeout(left, self.output.next()).await;
            let Ok(Some(frame)) = frame else {
                panic!("no {text:?} in {:?}", self.screen)
            };
            self.shows(&frame.unwrap().bytes);
        }
    }

    fn shows(&mut self, bytes: &[u8]) {
        self.screen.push_str(&String::from_utf8_lossy(bytes));
    }

    /// What is shown until the container has ended, and how that was. An engine may leave the connection open after that.
    async fn until_the_end(mut self, bench: &Bench, spec: &JobSpec) -> (String, Observed, Report) {
        let mut over = std::pin::pin!(timeout(PATIENCE, bench.engine.wait(spec.id())));
        let ended = loop {
            tokio::select! {
                ended = &mut over => break ended,
                frame = self.output.next() => match frame {
                    Some(frame) => self.shows(&frame.unwrap().bytes),
                    None => break over.await,
                },
            }
        };
        let Ok(ended) = ended else {
            panic!("it does not end: {:?}", self.screen)
        };
        ended.unwrap();
        let observed = bench.engine.observe(spec.id()).await.unwrap();
        while let Ok(Some(Ok(frame))) = timeout(STRAGGLERS, self.output.next()).await {
            self.shows(&frame.bytes);
        }
        let mut usage = Usage::default();
        let end = ending(&bench.engine, spec.id(), observed.clone(), &mut usage).await;
        (self.screen, observed, end.unwrap().report.unwrap())
    }
}

fn spec(bench: &Bench, isolation: Isolation, idle: Duration, wall_clock: Duration) -> JobSpec {
    let terminal = Terminal {
        idle,
        bytes_per_second: 64 << 10,
    };
    let limits = Limits {
        memory_bytes: 64 * MIB,
        tmp_bytes: MIB,
        wall_clock,
        ..Limits::default()
    };
    bench
        .job("")
        .with_command(&["sh"])
        .with_limits(limits)
        .with_isolation(isolation)
        .with_terminal(terminal)
        .spec()
}

/// The command tries to speak for init. On the host's kernel neither init's input nor its output is within reach; gVisor opens them
/// to processes of the same user, where init's last word is the last one all the same.
async fn forge(person: &mut Person, profile: Isolation) {
    let report = "xend=exit:0 deadline=1 wall_us=1 log_bytes=0 log_dropped_bytes=0";
    let forgery = format!("echo {report} > /proc/1/fd/1 || echo no $((1 + 1)) out\n");
    person.types(&forgery).await;
    if profile == Isolation::Hardened {
        person.sees("no 2 out").await;
        person
            .types("echo x < /proc/1/fd/0 || echo no $((1 + 1)) in\n")
            .await;
        person.sees("no 2 in").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_is_the_commands_and_init_holds_its_ends() {
    let bench = Bench::new().await;
    let long = Duration::from_secs(60);
    for profile in profiles(&bench).await {
        let spec = spec(&bench, profile, long, long);
        let mut person = Person::join(&bench, &spec).await;
        person.types("echo size $(stty size) on $(tty)\n").await;
        person.sees("size 24 80 on /dev/pts/").await;
        person.sends(encode_size(Size::new(100, 30))).await;
        person.types("echo now $(stty size)\n").await;
        person.sees("now 30 100").await;
        forge(&mut person, profile).await;
        // The terminals of gVisor as Debian has it do not turn a character into an interrupt.
        if profile == Isolation::Hardened {
            person.types("echo $((5 + 5)); sleep 100\n").await;
            person.sees("\n10\r\n").await;
            tokio::time::sleep(Duration::from_millis(500)).await;
            person.types("\u{3}").await;
        }
        person.types("echo $((40 + 2)) > /out/x; exit 3\n").await;
        let (_, observed, report) = person.until_the_end(&bench, &spec).await;
        assert!(
            matches!(observed, Observed::Exited { code: 3, .. }),
            "{observed:?}"
        );
        assert_eq!(report.end, End::Exit(3), "{profile:?}");
        let kept = std::fs::read_to_string(spec.output_path().join("x")).unwrap();
        assert_eq!(kept, "42\n");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_21_nobody_outlives_a_terminal_or_its_deadline() {
    let bench = Bench::new().await;
    let (long, short) = (Duration::from_secs(60), Duration::from_secs(2));
    // Ignores that its terminal is gone, and has a daemon that does so too.
    let stubborn =
        "trap '' HUP TERM; (setsid sh -c 'trap \"\" HUP TERM; sleep 100' &) ; echo $((2 + 2))\n";
    for profile in profiles(&bench).await {
        // Whoever typed goes away.
        let closed = spec(&bench, profile, long, long);
        let mut person = Person::join(&bench, &closed).await;
        person.types(stubborn).await;
        person.sees("\n4\r\n").await;
        let begin = Instant::now();
        person.input.take().unwrap().shutdown().await.unwrap();
        let (screen, ..) = person.until_the_end(&bench, &closed).await;
        assert!(begin.elapsed() < Duration::from_secs(8), "{profile:?}");
        assert!(screen.contains("the terminal was closed"), "{screen:?}");

        // Nothing is typed any more, although much is printed.
        let idle = spec(&bench, profile, short, long);
        let mut person = Person::join(&bench, &idle).await;
        person
            .types("while true; do echo busy; sleep 0.2; done\n")
            .await;
        let (screen, _, report) = person.until_the_end(&bench, &idle).await;
        assert!(screen.contains("nothing was typed"), "{screen:?}");
        assert!(report.wall < Duration::from_secs(10), "{report:?}");

        // The deadline passes while somebody types.
        let late = spec(&bench, profile, long, short);
        let mut person = Person::join(&bench, &late).await;
        person.types(stubborn).await;
        let (_, observed, report) = person.until_the_end(&bench, &late).await;
        assert!(report.deadline, "{report:?}");
        assert!(
            matches!(observed, Observed::Exited { code: 124, .. }),
            "{observed:?}"
        );
    }
}
