//! Somebody who works at a terminal.

use std::time::{Duration, Instant};

use sandyq_proto::v1;
use sandyq_proto::v1::open_shell_request::Step as Asked;
use sandyq_proto::v1::open_shell_response::Step as Told;
use sandyq_proto::v1::sandbox_service_client::SandboxServiceClient;
use sandyq_tests::Site;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Status, Streaming};

const PATIENCE: Duration = Duration::from_secs(60);

/// A person at a terminal.
pub struct Person {
    pub asked: mpsc::Sender<v1::OpenShellRequest>,
    told: Streaming<v1::OpenShellResponse>,
    pub job: String,
    /// All that was shown.
    pub screen: Vec<u8>,
    end: Option<v1::ShellEnd>,
}

impl Person {
    /// Opens a workspace and waits for its terminal.
    pub async fn open(site: &Site, sandbox: &str, job: v1::Job) -> Result<Self, Status> {
        Self::open_by(site.user("developer").sandbox(), sandbox, job).await
    }

    pub async fn open_by(
        mut client: SandboxServiceClient<Channel>,
        sandbox: &str,
        job: v1::Job,
    ) -> Result<Self, Status> {
        let (asked, requests) = mpsc::channel(16);
        let opening = v1::ShellOpening {
            parent: sandbox.to_owned(),
            job: Some(job),
            size: None,
        };
        let step = Some(Asked::Opening(opening));
        asked.send(v1::OpenShellRequest { step }).await.unwrap();
        let told = client.open_shell(ReceiverStream::new(requests)).await?;
        let mut person = Self {
            asked,
            told: told.into_inner(),
            job: String::new(),
            screen: Vec::new(),
            end: None,
        };
        let begun = async {
            while let Some(message) = person.told.message().await? {
                if let Some(Told::Job(job)) = message.step {
                    person.job.clone_from(&job.name);
                    if job.state() == v1::job::State::Running {
                        return Ok::<(), Status>(());
                    }
                }
            }
            panic!("it ended before it began")
        };
        timeout(PATIENCE, begun).await.expect("it does not begin")?;
        Ok(person)
    }

    pub async fn ask(&self, step: Asked) {
        let step = Some(step);
        self.asked
            .send(v1::OpenShellRequest { step })
            .await
            .unwrap();
    }

    pub async fn types(&self, text: &str) {
        self.ask(Asked::Input(text.as_bytes().to_vec())).await;
    }

    /// Takes one message; `false` at the end.
    pub async fn takes(&mut self) -> bool {
        match self.told.message().await.unwrap().and_then(|m| m.step) {
            Some(Told::Output(bytes)) => self.screen.extend(bytes),
            Some(Told::End(end)) => self.end = Some(end),
            Some(Told::Job(_)) => {}
            None => return false,
        }
        true
    }

    pub fn screen(&self) -> String {
        String::from_utf8(self.screen.clone()).unwrap()
    }

    /// Waits until something is shown after a place; gives the place behind it.
    pub async fn sees(&mut self, from: usize, text: &str) -> usize {
        let from_time = Instant::now();
        loop {
            let screen = self.screen();
            if let Some(at) = screen.get(from..).and_then(|rest| rest.find(text)) {
                return from + at + text.len();
            }
            let left = PATIENCE.saturating_sub(from_time.elapsed());
            let more = timeout(left, self.takes()).await;
            assert!(more.unwrap_or(false), "no {text:?} in {:?}", self.screen());
        }
    }

    /// Types a command and waits for what it is to show after its own echo.
    pub async fn runs(&mut self, command: &str, shows: &str) {
        let from = self.screen.len();
        self.types(&format!("{command}\n")).await;
        let echoed = self.sees(from, command).await;
        self.sees(echoed, shows).await;
    }

    /// Takes everything up to the end.
    pub async fn ends(&mut self) -> v1::ShellEnd {
        timeout(PATIENCE, async { while self.takes().await {} })
            .await
            .expect("it does not end");
        self.end.clone().expect("it ends with a word")
    }
}
