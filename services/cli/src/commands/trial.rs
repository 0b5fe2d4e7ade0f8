//! Trials: what answers requests, under the platform's eyes.

use std::io::{IsTerminal as _, Read as _, Write as _};

use clap::{Args, Subcommand};
use prost_types::Duration;
use sandyq_proto::v1::trial::State;
use sandyq_proto::v1::{
    CallTrialRequest, CallTrialResponse, CreateTrialRequest, GetTrialRequest, Header, HealthCheck,
    ListTrialsRequest, StopTrialRequest, Trial,
};

use super::job::LimitOptions;
use crate::client::{Client, LARGEST_ANSWER, PAGE, TrialServiceClient, pages, request_id, rpc};
use crate::errors::{Failure, Result};
use crate::output::printable;
use crate::{Session, parse};

/// Between two looks at a trial that is starting.
const LOOK: std::time::Duration = std::time::Duration::from_millis(500);

/// `sandyq trial start`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sandyq trial start pilot/income --image sha256:9f86d08... --outputs o1b2... --purpose research.income \\
      --term 30d --memory 2GiB --health-path /healthz --wait -- /usr/bin/python3 /opt/serve.py
The program finds the released files in /models/OUTPUT/ and serves HTTP on 127.0.0.1:$SANDYQ_PORT. It has no network.")]
pub struct Start {
    /// The trial, SANDBOX/TRIAL; the sandbox is of the stage TRIAL_OPERATION.
    #[arg(value_parser = parse::trial)]
    trial: String,
    /// The approved image, by name or digest.
    #[arg(long, value_parser = parse::image)]
    image: String,
    /// A released output to be mounted; may be given more than once.
    #[arg(long = "outputs", value_parser = parse::output, value_name = "OUTPUT")]
    outputs: Vec<String>,
    /// A library version to be mounted; its grant must open trial answers. May be given more than once.
    #[arg(long = "version", value_parser = parse::version, value_name = "VERSION")]
    versions: Vec<String>,
    /// The purpose; must lie within every grant it uses.
    #[arg(long)]
    purpose: String,
    /// What people call it.
    #[arg(long, default_value = "", hide_default_value = true)]
    name: String,
    /// The port of 127.0.0.1 that the program serves on.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// How long; as long as sandbox and grants allow when not given.
    #[arg(long, value_parser = parse::proto_duration, value_name = "DURATION", conflicts_with = "wall_clock")]
    term: Option<Duration>,
    #[command(flatten)]
    health: Health,
    /// How often a container that failed is replaced.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(i32).range(0..=100))]
    restarts: i32,
    #[command(flatten)]
    limits: LimitOptions,
    /// Environment; may be given more than once.
    #[arg(long = "env", value_parser = parse::pair, value_name = "NAME=VALUE")]
    environment: Vec<(String, String)>,
    /// Wait until it serves.
    #[arg(long)]
    wait: bool,
    /// Program and arguments.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// How it is found out whether it serves.
#[derive(Debug, Args)]
pub struct Health {
    /// Asked by GET; 200 to 299 is well.
    #[arg(long, default_value = "/", value_name = "PATH")]
    health_path: String,
    /// Between two checks.
    #[arg(long, value_parser = parse::proto_duration, value_name = "DURATION")]
    health_interval: Option<Duration>,
    /// For so long after a start, failures do not count.
    #[arg(long, value_parser = parse::proto_duration, value_name = "DURATION")]
    health_grace: Option<Duration>,
    /// Failures in a row that are too many.
    #[arg(long, default_value_t = 3, value_name = "COUNT")]
    health_failures: i32,
}

/// `sandyq trial call`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sandyq trial call pilot/income /predict --data '{\"age\": 40}' --content-type application/json
The same by curl, where the operator has switched the gateway on:
  curl --cert cert.pem --key key.pem --cacert ca.pem --json '{\"age\": 40}' \\
      https://platform:7444/sandboxes/pilot/trials/income/predict")]
pub struct Call {
    /// The trial.
    #[arg(value_parser = parse::trial)]
    trial: String,
    /// Path and query.
    #[arg(default_value = "/")]
    path: String,
    /// GET, or POST with a body, when not given.
    #[arg(long, short = 'X')]
    method: Option<String>,
    /// The body; @FILE for that of a file, @- for standard input.
    #[arg(long, short)]
    data: Option<String>,
    /// What the body is.
    #[arg(long, default_value = "application/octet-stream")]
    content_type: String,
    /// What is wanted.
    #[arg(long, default_value = "", hide_default_value = true)]
    accept: String,
}

/// `sandyq trial`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a trial: a container that answers requests.
    Start(Box<Start>),
    /// List the trials of a sandbox.
    #[command(after_help = "Example:\n  sandyq trial list pilot")]
    List {
        /// The sandbox.
        #[arg(value_parser = parse::sandbox)]
        sandbox: String,
    },
    /// Show a trial: how it stands, how much it was asked and by whom.
    #[command(after_help = "Example:\n  sandyq trial show pilot/income")]
    Show {
        /// The trial.
        #[arg(value_parser = parse::trial)]
        trial: String,
    },
    /// End a trial.
    #[command(
        after_help = "Example:\n  sandyq trial stop pilot/income --reason 'the pilot is over'"
    )]
    Stop {
        /// The trial.
        #[arg(value_parser = parse::trial)]
        trial: String,
        /// Why; kept with the trial.
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
    },
    /// Put one HTTP request to a trial, and print the body of the answer.
    Call(Call),
}

/// Does it.
pub async fn run(command: Command, session: &Session) -> Result<()> {
    let client = session.client()?;
    let trial = match command {
        Command::Start(command) => start(&client, session, *command).await?,
        Command::List { sandbox } => {
            let all = pages(async |page_token| {
                let request = ListTrialsRequest {
                    parent: sandbox.clone(),
                    page_size: PAGE,
                    page_token,
                };
                let page = rpc!(client, TrialServiceClient, list_trials, request)?;
                Ok((page.trials, page.next_page_token))
            });
            return session.printer.list(&all.await?);
        }
        Command::Show { trial } => get(&client, trial).await?,
        Command::Stop { trial, reason } => {
            let request = StopTrialRequest {
                name: trial,
                reason,
                request_id: request_id(),
            };
            let answer = rpc!(client, TrialServiceClient, stop_trial, request)?;
            answer.trial.ok_or_else(|| Failure::incomplete("trial"))?
        }
        Command::Call(command) => return call(&client, session, command).await,
    };
    session.printer.show(&trial)
}

async fn get(client: &Client, name: String) -> Result<Trial> {
    let request = GetTrialRequest { name };
    let answer = rpc!(client, TrialServiceClient, get_trial, request)?;
    answer.trial.ok_or_else(|| Failure::incomplete("trial"))
}

async fn start(client: &Client, session: &Session, command: Start) -> Result<Trial> {
    let (sandbox, id) = command
        .trial
        .split_once("/trials/")
        .ok_or_else(|| Failure::usage(format!("{} names no trial", command.trial)))?;
    let mut limits = command.limits.message();
    limits.wall_clock_duration = command.term.or(limits.wall_clock_duration);
    let trial = Trial {
        display_name: command.name,
        image: command.image,
        command: command.command,
        environment: command.environment.into_iter().collect(),
        outputs: command.outputs,
        versions: command.versions,
        purpose: command.purpose,
        limits: Some(limits),
        port: command.port.into(),
        health_check: Some(HealthCheck {
            path: command.health.health_path,
            interval_duration: command.health.health_interval,
            grace_duration: command.health.health_grace,
            failures: command.health.health_failures,
        }),
        max_restarts: command.restarts,
        ..Trial::default()
    };
    let request = CreateTrialRequest {
        parent: sandbox.to_owned(),
        trial_id: id.to_owned(),
        trial: Some(trial),
        request_id: request_id(),
    };
    let answer = rpc!(client, TrialServiceClient, create_trial, request)?;
    let mut trial = answer.trial.ok_or_else(|| Failure::incomplete("trial"))?;
    if !command.wait {
        let text = format!("Started; see `sandyq trial show {}`.", trial.name);
        session.printer.remark(&text);
        return Ok(trial);
    }
    while matches!(trial.state(), State::Starting | State::Restarting) {
        tokio::time::sleep(LOOK).await;
        trial = get(client, trial.name).await?;
    }
    if trial.state() == State::Serving {
        return Ok(trial);
    }
    let text = format!("{} does not serve: {}", trial.name, trial.state_message);
    Err(Failure::general(text))
}

fn body(data: Option<&str>) -> Result<Vec<u8>> {
    match data {
        None => Ok(Vec::new()),
        Some("@-") => {
            let mut body = Vec::new();
            let read = std::io::stdin().lock().read_to_end(&mut body);
            let failed = |error| Failure::general(format!("cannot read standard input: {error}"));
            read.map(|_| body).map_err(failed)
        }
        Some(text) => match text.strip_prefix('@') {
            Some(file) => std::fs::read(file)
                .map_err(|error| Failure::file("read", std::path::Path::new(file), &error)),
            None => Ok(text.as_bytes().to_vec()),
        },
    }
}

/// Never tried again by itself: a request may do something each time.
async fn call(client: &Client, session: &Session, command: Call) -> Result<()> {
    let has_body = command.data.is_some();
    let usual = if has_body { "POST" } else { "GET" };
    let mut headers = Vec::new();
    let mut field = |name: &str, value: String| {
        let name = name.to_owned();
        headers.push(Header { name, value });
    };
    if has_body {
        field("content-type", command.content_type);
    }
    if !command.accept.is_empty() {
        field("accept", command.accept);
    }
    let request = CallTrialRequest {
        name: command.trial,
        method: command.method.unwrap_or_else(|| usual.to_owned()),
        path: command.path,
        headers,
        body: body(command.data.as_deref())?.into(),
    };
    let answer = TrialServiceClient::new(client.channel())
        .max_decoding_message_size(LARGEST_ANSWER)
        .call_trial(request)
        .await?
        .into_inner();
    print(session, &answer)?;
    if (200..400).contains(&answer.status) {
        return Ok(());
    }
    let text = format!("the trial answered with status {}", answer.status);
    Err(Failure::general(text))
}

/// The answer is the work of code that nobody trusts: a terminal gets no control characters but line breaks and tabs.
fn print(session: &Session, answer: &CallTrialResponse) -> Result<()> {
    if session.printer.is_json() {
        return session.printer.show(answer);
    }
    let mut out = std::io::stdout().lock();
    let written = if out.is_terminal() {
        let text = String::from_utf8_lossy(&answer.body);
        let lines: Vec<String> = text.split('\n').map(printable).collect();
        out.write_all(lines.join("\n").as_bytes())
            .and_then(|()| out.write_all(b"\n"))
    } else {
        out.write_all(&answer.body)
    };
    written.map_err(|error| Failure::general(format!("cannot print the answer: {error}")))
}
