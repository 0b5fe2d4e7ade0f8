//! A job as it goes: its states, and the part of its log that its grants open.

use std::io::{IsTerminal as _, Write as _};
use std::ops::ControlFlow;

use sandyq_proto::v1::job::State;
use sandyq_proto::v1::log_tail::Mode;
use sandyq_proto::v1::{
    CauseOfDeath, HeldBack, Job, StreamLogsRequest, StreamLogsResponse, WatchJobRequest,
};
use tonic::Code;

use crate::client::{Client, LARGEST_ANSWER, SandboxServiceClient};
use crate::errors::{Exit, Failure, Result};
use crate::output::{human_bytes, note, printable};
use crate::{Session, or_interrupted};

/// Follows a job to its end, which decides over the exit code.
pub async fn to_the_end(
    client: &Client,
    session: &Session,
    name: &str,
    with_log: bool,
) -> Result<()> {
    let following = async {
        if !with_log {
            return watch(client, session, name, session.printer.is_json()).await;
        }
        let (log, job) = tokio::join!(
            logs(client, session, name, true),
            watch(client, session, name, false)
        );
        // Where the grants open nothing of the log, the job is still worth waiting for.
        if let Err(failure) = log {
            note(&format!("The log cannot be shown: {failure}"));
        }
        job
    };
    let advice = format!(
        "the job goes on; see `sandyq job watch {name}`, or end it with `sandyq job cancel {name}`"
    );
    let job = or_interrupted(following, &advice).await?;
    if session.printer.is_json() {
        session.printer.event(&job, "")?;
    } else {
        session.printer.show(&job)?;
    }
    judge(&job)
}

async fn watch(client: &Client, session: &Session, name: &str, json_events: bool) -> Result<Job> {
    let mut shown = None;
    let open = async || {
        let mut service =
            SandboxServiceClient::new(client.channel()).max_decoding_message_size(LARGEST_ANSWER);
        service
            .watch_job(WatchJobRequest {
                name: name.to_owned(),
            })
            .await
    };
    client
        .follow(open, |message| {
            let job = message.job.ok_or_else(|| Failure::incomplete("job"))?;
            let now = (job.state(), job.waiting_reason.clone());
            let ended = is_end(job.state());
            if shown.as_ref() != Some(&now) {
                shown = Some(now);
                if json_events && !ended {
                    session.printer.event(&job, "")?;
                }
                session.printer.remark(&line(&job));
            }
            Ok(if ended {
                ControlFlow::Break(job)
            } else {
                ControlFlow::Continue(())
            })
        })
        .await
}

fn line(job: &Job) -> String {
    let state = job.state().as_str_name().trim_start_matches("STATE_");
    match job.waiting_reason.as_str() {
        "" => format!("{} is {state}", job.name),
        reason => format!("{} is {state}: {}", job.name, printable(reason)),
    }
}

/// Whether nothing follows this state.
fn is_end(state: State) -> bool {
    matches!(
        state,
        State::Succeeded | State::Failed | State::TimedOut | State::Cancelled | State::Lost
    )
}

fn judge(job: &Job) -> Result<()> {
    if job.state() == State::Succeeded {
        return Ok(());
    }
    let state = job.state().as_str_name().trim_start_matches("STATE_");
    let cause = match job.cause_of_death() {
        CauseOfDeath::Exit => format!("exit code {}", job.exit_code),
        other => other
            .as_str_name()
            .trim_start_matches("CAUSE_OF_DEATH_")
            .to_owned(),
    };
    let message = if job.state_message.is_empty() {
        String::new()
    } else {
        format!("\n  {}", printable(&job.state_message))
    };
    Err(Failure::new(
        Exit::JobFailed,
        format!("{} is {state} ({cause}){message}", job.name),
    ))
}

/// Prints the opened part of a log. Without `wait` it ends where nothing more has come for a moment, or the log ends.
pub async fn logs(client: &Client, session: &Session, name: &str, wait: bool) -> Result<()> {
    let mut backoff = client.long_backoff();
    let mut offset = 0i64;
    loop {
        let request = StreamLogsRequest {
            name: name.to_owned(),
            offset,
        };
        let status = match SandboxServiceClient::new(client.channel())
            .stream_logs(request)
            .await
        {
            Err(status) => status,
            Ok(response) => {
                let mut stream = response.into_inner();
                loop {
                    let next = stream.message();
                    let message = if wait {
                        next.await
                    } else {
                        match tokio::time::timeout(std::time::Duration::from_secs(1), next).await {
                            Ok(message) => message,
                            Err(_) => return Ok(()),
                        }
                    };
                    match message {
                        Ok(Some(message)) => {
                            backoff.reset();
                            print(session, &message.data)?;
                            offset = message
                                .offset
                                .saturating_add(i64::try_from(message.data.len()).unwrap_or(0));
                            if message.data.is_empty() {
                                session.printer.remark(&accounted(&message));
                            }
                        }
                        Ok(None) => return Ok(()),
                        Err(status) => break status,
                    }
                }
            }
        };
        if status.code() == Code::Cancelled {
            return Ok(());
        }
        backoff.wait(status).await?;
    }
}

/// What was open of a log and what was held back, for people.
fn accounted(last: &StreamLogsResponse) -> String {
    let size = |bytes: i64| human_bytes(u64::try_from(bytes).unwrap_or(0));
    let tail = last.log_tail.unwrap_or_default();
    let lines = match tail.mode() {
        Mode::Metrics => "lines of name=value with numbers",
        _ => "text, with what identifies persons masked",
    };
    let mut text = format!(
        "(open of this log: {lines}, at most {}; of all logs of the sandbox {} a day, of which {} were shown",
        size(tail.max_bytes),
        size(tail.daily_bytes),
        size(last.sandbox_log_bytes),
    );
    for why in last.held_back() {
        text.push_str(match why {
            HeldBack::OtherLines => "\n held back: lines that are no metrics",
            HeldBack::JobBudget => {
                "\n held back: what the job printed beyond what is open of one job"
            }
            HeldBack::SandboxBudget => {
                "\n held back: the rest, until what the sandbox's jobs have shown is a day old"
            }
            HeldBack::Unspecified => "\n held back: something else",
        });
    }
    if last.truncated {
        text.push_str("\n the whole log is reviewed with the job's output");
    }
    text + ")"
}

/// The log is the work of code that nobody trusts: a terminal gets no control characters but line breaks and tabs.
fn print(session: &Session, data: &[u8]) -> Result<()> {
    let text = String::from_utf8_lossy(data);
    let is_terminal = std::io::stdout().is_terminal();
    let clean: String = text
        .chars()
        .map(|c| {
            if matches!(c, '\n' | '\t') || !is_terminal {
                c.to_string()
            } else {
                printable(c.encode_utf8(&mut [0; 4]))
            }
        })
        .collect();
    // Programs find nothing but JSON on standard output.
    let written = if session.printer.is_json() {
        std::io::stderr().lock().write_all(clean.as_bytes())
    } else {
        std::io::stdout().lock().write_all(clean.as_bytes())
    };
    written.map_err(|error| Failure::general(format!("cannot print the log: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_success_is_success() {
        let failed = Job {
            name: "sandboxes/s/jobs/j".into(),
            state: State::Failed.into(),
            cause_of_death: CauseOfDeath::Exit.into(),
            exit_code: 3,
            ..Default::default()
        };
        assert!(judge(&failed).is_err_and(
            |failure| failure.exit == Exit::JobFailed && failure.text.contains("exit code 3")
        ));
        assert!(
            judge(&Job {
                state: State::Succeeded.into(),
                ..failed
            })
            .is_ok()
        );
    }

    #[test]
    fn what_was_held_back_of_a_log_is_said() {
        let mut last = StreamLogsResponse {
            log_tail: Some(sandyq_proto::v1::LogTail {
                max_bytes: 65_536,
                mode: Mode::Metrics.into(),
                daily_bytes: 1 << 20,
            }),
            sandbox_log_bytes: 2048,
            ..Default::default()
        };
        let whole = accounted(&last);
        assert!(whole.contains("name=value") && whole.contains("2 KiB were shown"));
        assert!(!whole.contains("held back"), "{whole}");
        last.truncated = true;
        last.held_back = vec![HeldBack::OtherLines.into(), HeldBack::SandboxBudget.into()];
        let less = accounted(&last);
        assert!(
            less.contains("no metrics") && less.contains("a day old"),
            "{less}"
        );
    }

    #[test]
    fn a_waiting_job_says_for_what() {
        let job = Job {
            name: "j".into(),
            state: State::Queued.into(),
            waiting_reason: "another job runs".into(),
            ..Default::default()
        };
        assert_eq!(line(&job), "j is QUEUED: another job runs");
        assert!(!is_end(job.state()) && is_end(State::Lost));
    }
}
