//! Trials: a server of a few lines of shell, and those who ask it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use sandyq_proto::v1;
use sandyq_proto::v1::trial::State;
use tonic::Status;

use crate::people::User;
use crate::request_id;
use crate::site::{Options, Site, free_port};
use crate::work::shell;

/// What answers one connection: it reads a request whole and does what its path says.
const ANSWER: &str = r#"
read -r method path version; n=0
while read -r line; do
  line=${line%?}; [ -n "$line" ] || break
  case "$line" in [Cc]ontent-[Ll]ength:*) n=${line#*: };; esac
done
body=""; [ "$n" -gt 0 ] && body=$(head -c "$n")
status="200 OK"
case "$path" in
  /health) [ -e /tmp/sick ] && status="500 Sick"; text=well;;
  /sick) touch /tmp/sick; text=sick;;
  /echo*) text="$method $path $body";;
  /model) text=$(cat /models/*/model.txt);;
  /data) text=$(ls /data/*);;
  /slow) sleep 100;;
  /large) head -c 3000000 /dev/zero; text=;;
  /endless) printf 'HTTP/1.1 200 OK\r\n\r\n'; exec cat /dev/zero;;
  /trickle) printf 'HTTP/1.1 200 OK\r\n'; while sleep 1; do printf 'x: y\r\n'; done;;
  /status*) printf 'HTTP/1.1 %s Told\r\ncontent-length: 0\r\n\r\n' "${path#/status/}"; exit;;
  /nonsense) printf 'nonsense\r\n\r\n'; exit;;
  /two) printf 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged'; exit;;
  /bytes*) text=$(head -c "${path#/bytes/}" /dev/zero | tr '\0' x);;
  *) status="404 Not Found"; text=none;;
esac
printf 'HTTP/1.1 %s\r\ncontent-type: text/plain\r\nset-cookie: a=b\r\nlocation: /x\r\nai-generated: no\r\ncontent-length: %s\r\n\r\n%s' "$status" "${#text}" "$text"
"#;

/// A trial that runs a script of shell, in which `$ANSWER` answers one connection and `serve` answers all of them.
pub fn trial(image: &str, script: &str) -> v1::Trial {
    let job = shell(image, script);
    let serve = "serve() { exec nc -ll -p \"$SANDYQ_PORT\" -e sh -c \"$ANSWER\"; }";
    let span = |seconds| Some(prost_types::Duration { seconds, nanos: 0 });
    v1::Trial {
        image: job.image,
        command: ["sh", "-c", &format!("{serve}\n{script}")]
            .map(str::to_owned)
            .to_vec(),
        environment: [("ANSWER".to_owned(), ANSWER.to_owned())].into(),
        purpose: job.purpose,
        limits: Some(v1::Limits {
            wall_clock_duration: None,
            ..job.limits.unwrap()
        }),
        health_check: Some(v1::HealthCheck {
            path: "/health".to_owned(),
            interval_duration: span(1),
            grace_duration: span(20),
            failures: 2,
        }),
        ..v1::Trial::default()
    }
}

/// What curl got.
#[derive(Debug)]
pub struct Got {
    /// HTTP status; 0 when there was no answer.
    pub status: u16,
    /// The header, as it came.
    pub head: String,
    /// The body.
    pub body: String,
}

/// A person at the gateway.
pub struct Asker {
    folder: PathBuf,
    address: String,
}

impl Asker {
    /// A person whose certificate, key and authority lie in files.
    pub fn new(site: &Site, user: &User, port: u16) -> Self {
        let folder = site.dir.join(format!("asker-{}", request_id()));
        std::fs::create_dir(&folder).unwrap();
        for (name, text) in [
            ("cert.pem", &user.certificate_pem),
            ("key.pem", &user.key_pem),
            ("ca.pem", &user.ca_pem),
        ] {
            std::fs::write(folder.join(name), text).unwrap();
        }
        Self {
            folder,
            address: format!("localhost:{port}"),
        }
    }

    fn file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    fn curl(&self, path: &str, more: &[&str]) -> Command {
        let mut command = Command::new("curl");
        command
            .args(["-sS", "-i", "--max-time", "60", "--cacert"])
            .arg(self.file("ca.pem"))
            .args(more)
            .arg(format!("https://{}/{path}", self.address));
        command
    }

    /// Asks by curl, as anybody would.
    pub async fn get(&self, path: &str, more: &[&str]) -> Got {
        let mut command = self.curl(path, more);
        command.args([
            "--cert",
            &self.file("cert.pem"),
            "--key",
            &self.file("key.pem"),
        ]);
        got(&run(command).await)
    }

    /// The program and what it is to be given for one request; the address is the last argument.
    pub fn command(&self, path: &str) -> tokio::process::Command {
        let mut command = tokio::process::Command::new("curl");
        for (option, file) in [
            ("--cacert", "ca.pem"),
            ("--cert", "cert.pem"),
            ("--key", "key.pem"),
        ] {
            command.args([option, &self.file(file)]);
        }
        command.arg(format!("https://{}/{path}", self.address));
        command
    }

    /// Asks without a certificate.
    pub async fn get_unknown(&self, path: &str) -> Output {
        run(self.curl(path, &[])).await
    }

    /// A connection on which bytes can be written as they come to mind.
    pub fn raw(&self) -> Child {
        Command::new("openssl")
            .args(["s_client", "-quiet", "-ign_eof", "-connect", &self.address])
            .args([
                "-cert",
                &self.file("cert.pem"),
                "-key",
                &self.file("key.pem"),
            ])
            .args(["-CAfile", &self.file("ca.pem"), "-servername", "localhost"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }
}

async fn run(mut command: Command) -> Output {
    let running = tokio::task::spawn_blocking(move || command.output().unwrap());
    running.await.unwrap()
}

fn got(out: &Output) -> Got {
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    // The answer to `Expect: 100-continue` comes before.
    let text = text.trim_start_matches("HTTP/1.1 100 Continue\r\n\r\n");
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    Got {
        status: status.unwrap_or(0),
        head: head.to_lowercase(),
        body: body.to_owned(),
    }
}

impl Site {
    /// A platform whose gateway listens, and its port; `config` as in [`Options`].
    pub async fn start_with_gateway(config: &[(&str, &str)]) -> (Self, u16) {
        let port = free_port();
        let listen = ("trials.listen".to_owned(), format!("\"127.0.0.1:{port}\""));
        let more = config
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let options = Options {
            config: [listen].into_iter().chain(more).collect(),
            ..Options::default()
        };
        (Self::start_with(options).await, port)
    }

    /// A system with a sandbox for trials; returns both names.
    pub async fn open_trial_sandbox(&self, id: &str, seconds: u64) -> (String, String) {
        let system = format!("{id}-system");
        let risk = v1::RiskClass::Minimal;
        let system = self.register_system("developer", &system, risk).await;
        let stage = v1::Stage::TrialOperation;
        let sandbox = self.open_sandbox_of("developer", &system, id, stage, seconds);
        (sandbox.await, system)
    }

    /// The developer starts a trial.
    pub async fn start_trial(
        &self,
        sandbox: &str,
        id: &str,
        trial: v1::Trial,
    ) -> Result<v1::Trial, Status> {
        let request = v1::CreateTrialRequest {
            parent: sandbox.to_owned(),
            trial_id: id.to_owned(),
            trial: Some(trial),
            request_id: request_id(),
        };
        let answer = self.user("developer").trial().create_trial(request).await?;
        Ok(answer.into_inner().trial.unwrap())
    }

    /// Somebody ends a trial.
    pub async fn stop_trial(&self, who: &str, name: &str) -> Result<v1::Trial, Status> {
        let request = v1::StopTrialRequest {
            name: name.to_owned(),
            reason: "enough".to_owned(),
            request_id: request_id(),
        };
        let answer = self.user(who).trial().stop_trial(request).await?;
        Ok(answer.into_inner().trial.unwrap())
    }

    /// Reads a trial.
    pub async fn trial(&self, name: &str) -> v1::Trial {
        let name = name.to_owned();
        let request = v1::GetTrialRequest { name };
        let answer = self.user("admin").trial().get_trial(request).await.unwrap();
        answer.into_inner().trial.unwrap()
    }

    /// Waits until a trial is in a state; tells how long that took.
    pub async fn wait_trial(&self, name: &str, state: State) -> (v1::Trial, Duration) {
        let reached = |trial: &v1::Trial| trial.state() == state;
        self.wait_trial_until(name, reached).await
    }

    /// Waits until a trial is as it should be; tells how long that took.
    pub async fn wait_trial_until(
        &self,
        name: &str,
        reached: impl Fn(&v1::Trial) -> bool,
    ) -> (v1::Trial, Duration) {
        let begin = Instant::now();
        loop {
            let trial = self.trial(name).await;
            if reached(&trial) {
                return (trial, begin.elapsed());
            }
            assert!(begin.elapsed() < Duration::from_secs(60), "{trial:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// A trial that serves.
    pub async fn serving_trial(&self, sandbox: &str, id: &str, trial: v1::Trial) -> v1::Trial {
        let trial = self.start_trial(sandbox, id, trial).await.unwrap();
        self.wait_trial(&trial.name, State::Serving).await.0
    }

    /// Somebody asks a trial by gRPC; status and body.
    pub async fn ask_trial(
        &self,
        who: &str,
        name: &str,
        path: &str,
    ) -> Result<(i32, String), Status> {
        let request = v1::CallTrialRequest {
            name: name.to_owned(),
            path: path.to_owned(),
            ..Default::default()
        };
        let answer = self
            .user(who)
            .trial()
            .call_trial(request)
            .await?
            .into_inner();
        let body = String::from_utf8_lossy(&answer.body).into_owned();
        Ok((answer.status, body))
    }

    /// The folder on this machine that holds the socket of a job, by its container's mounts.
    pub fn serve_folders(&self) -> Vec<PathBuf> {
        let mounts = std::fs::read_to_string("/proc/mounts").unwrap();
        let targets = mounts.lines().filter_map(|line| line.split(' ').nth(1));
        targets
            .map(Path::new)
            .filter(|path| path.starts_with(&self.dir) && path.ends_with("serve"))
            .map(Path::to_owned)
            .collect()
    }
}
