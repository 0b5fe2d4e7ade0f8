//! Jobs.

mod follow;

use clap::{Args, Subcommand};
use sandyq_proto::v1::{
    CancelJobRequest, CreateJobRequest, GetJobRequest, Job, Limits, ListJobsRequest,
};

use crate::client::{Client, PAGE, pages, request_id, rpc};
use crate::errors::{Failure, Result};
use crate::{Session, parse};

/// `sandyq job run`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sandyq job run --sandbox lab --image sha256:9f86d08... --version adult/v1 --purpose research.income \\
      --cpus 2 --memory 2GiB --wall-clock 10m --follow -- /usr/bin/python3 -c \"$(cat train.py)\"
The program reads /data/LIBRARY/DATASET.parquet and writes to /out. It has no network.")]
pub struct Run {
    /// The sandbox.
    #[arg(long, value_parser = parse::sandbox)]
    pub sandbox: String,
    #[command(flatten)]
    pub workload: Workload,
    /// Its place among the jobs of your organization: -10 to 10.
    #[arg(long, default_value_t = 0, allow_negative_numbers = true, value_parser = clap::value_parser!(i32).range(-10..=10))]
    priority: i32,
    /// Show the opened part of the log until the job ends.
    #[arg(long)]
    follow: bool,
    /// Show states until the job ends.
    #[arg(long)]
    watch: bool,
    /// Program and arguments.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// What runs, on which data, for what: the same for a job that is left to itself and for one at a terminal.
#[derive(Debug, Args)]
pub struct Workload {
    /// The approved image, by name or digest.
    #[arg(long, value_parser = parse::image)]
    image: String,
    /// A library version to be mounted; may be given more than once.
    #[arg(long = "version", value_parser = parse::version, value_name = "VERSION")]
    pub versions: Vec<String>,
    /// The purpose; must lie within every grant it uses.
    #[arg(long)]
    purpose: String,
    /// What people call it.
    #[arg(long, default_value = "", hide_default_value = true)]
    name: String,
    /// Environment; may be given more than once.
    #[arg(long = "env", value_parser = parse::pair, value_name = "NAME=VALUE")]
    environment: Vec<(String, String)>,
    #[command(flatten)]
    limits: LimitOptions,
}

impl Workload {
    /// The job that runs this command.
    pub fn job(self, command: Vec<String>) -> Job {
        Job {
            display_name: self.name,
            image: self.image,
            command,
            environment: self.environment.into_iter().collect(),
            versions: self.versions,
            purpose: self.purpose,
            limits: Some(self.limits.message()),
            ..Default::default()
        }
    }
}

/// Limits; the platform's defaults where not given.
#[derive(Debug, Args)]
pub struct LimitOptions {
    /// Processors, such as 2 or 0.5.
    #[arg(long, value_parser = parse::cpus, value_name = "NUMBER")]
    cpus: Option<i32>,
    /// Memory, swap included.
    #[arg(long, value_parser = parse::size, value_name = "SIZE")]
    memory: Option<i64>,
    /// Processes and threads.
    #[arg(long, value_name = "COUNT")]
    pids: Option<i32>,
    /// Bytes in /out.
    #[arg(long, value_parser = parse::size, value_name = "SIZE")]
    output_bytes: Option<i64>,
    /// Files in /out.
    #[arg(long, value_name = "COUNT")]
    output_files: Option<i64>,
    /// Time from start to the end by force.
    #[arg(long, value_parser = parse::proto_duration, value_name = "DURATION")]
    wall_clock: Option<prost_types::Duration>,
    /// Bytes in /tmp.
    #[arg(long, value_parser = parse::size, value_name = "SIZE")]
    tmp_bytes: Option<i64>,
    /// Bytes of log kept.
    #[arg(long, value_parser = parse::size, value_name = "SIZE")]
    log_bytes: Option<i64>,
}

impl LimitOptions {
    /// As the interface has them.
    pub fn message(&self) -> Limits {
        Limits {
            cpu_millis: self.cpus.unwrap_or_default(),
            memory_bytes: self.memory.unwrap_or_default(),
            pids: self.pids.unwrap_or_default(),
            output_bytes: self.output_bytes.unwrap_or_default(),
            output_files: self.output_files.unwrap_or_default(),
            wall_clock_duration: self.wall_clock,
            tmp_bytes: self.tmp_bytes.unwrap_or_default(),
            log_bytes: self.log_bytes.unwrap_or_default(),
        }
    }
}

/// `sandyq job`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Submit a job.
    Run(Box<Run>),
    /// List the jobs of a sandbox: how each stands, what it waits for, when it starts.
    #[command(after_help = "Example:\n  sandyq job list lab")]
    List {
        /// The sandbox.
        #[arg(value_parser = parse::sandbox)]
        sandbox: String,
    },
    /// Show a job, its end and what it used.
    #[command(after_help = "Example:\n  sandyq job show lab/j1")]
    Show {
        /// The job.
        #[arg(value_parser = parse::job)]
        job: String,
    },
    /// Show what a job used that has ended.
    #[command(after_help = "Example:\n  sandyq job usage lab/j1")]
    Usage {
        /// The job.
        #[arg(value_parser = parse::job)]
        job: String,
    },
    /// Stop a job.
    #[command(after_help = "Example:\n  sandyq job cancel lab/j1 --reason 'wrong seed'")]
    Cancel {
        /// The job.
        #[arg(value_parser = parse::job)]
        job: String,
        /// Why; kept with the job.
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
    },
    /// Show the part of a job's log that its grants open.
    #[command(after_help = "Example:\n  sandyq job logs lab/j1 --follow")]
    Logs {
        /// The job.
        #[arg(value_parser = parse::job)]
        job: String,
        /// Go on until the job ends.
        #[arg(long)]
        follow: bool,
    },
    /// Print each change of a job's state until it ends.
    #[command(after_help = "Example:\n  sandyq job watch lab/j1")]
    Watch {
        /// The job.
        #[arg(value_parser = parse::job)]
        job: String,
    },
}

/// Does it.
pub async fn run(command: Command, session: &Session) -> Result<()> {
    let client = session.client()?;
    match command {
        Command::Run(command) => submit(&client, session, *command).await,
        Command::List { sandbox } => {
            let all = pages(async |page_token| {
                let request = ListJobsRequest {
                    parent: sandbox.clone(),
                    page_size: PAGE,
                    page_token,
                };
                let page = rpc!(client, SandboxServiceClient, list_jobs, request)?;
                Ok((page.jobs, page.next_page_token))
            });
            session.printer.list(&all.await?)
        }
        Command::Show { job } => session.printer.show(&get(&client, job).await?),
        Command::Usage { job } => {
            let job = get(&client, job).await?;
            let unknown = || {
                Failure::general(format!(
                    "{} has not ended; what it used is known then",
                    job.name
                ))
            };
            session.printer.show(&job.usage.ok_or_else(unknown)?)
        }
        Command::Cancel { job, reason } => {
            let request = CancelJobRequest {
                name: job,
                reason,
                request_id: request_id(),
            };
            let answer = rpc!(client, SandboxServiceClient, cancel_job, request)?;
            session
                .printer
                .show(&answer.job.ok_or_else(|| Failure::incomplete("job"))?)
        }
        Command::Logs { job, follow } => follow::logs(&client, session, &job, follow).await,
        Command::Watch { job } => follow::to_the_end(&client, session, &job, false).await,
    }
}

async fn submit(client: &Client, session: &Session, command: Run) -> Result<()> {
    let job = Job {
        priority: command.priority,
        ..command.workload.job(command.command)
    };
    let request = CreateJobRequest {
        parent: command.sandbox,
        job: Some(job),
        request_id: request_id(),
    };
    let answer = rpc!(client, SandboxServiceClient, create_job, request)?;
    let job = answer.job.ok_or_else(|| Failure::incomplete("job"))?;
    if command.follow || command.watch {
        session.printer.remark(&format!("Submitted {}.", job.name));
        return follow::to_the_end(client, session, &job.name, command.follow).await;
    }
    session
        .printer
        .remark(&format!("Submitted; see `sandyq job watch {}`.", job.name));
    session.printer.show(&job)
}

/// Reads a job.
async fn get(client: &Client, name: String) -> Result<Job> {
    let answer = rpc!(
        client,
        SandboxServiceClient,
        get_job,
        GetJobRequest { name }
    )?;
    answer.job.ok_or_else(|| Failure::incomplete("job"))
}
