//! Jobs through the real server and an engine of the test's own while both are killed at places that a seed chooses.
//!
//! The short run takes some seconds. `make soak SEED=7 JOBS=300` runs as long as asked; a run that fails prints its seed.

mod check;
mod fault;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use sandyq_proto::v1;
use sandyq_proto::v1::job::State;
use sandyq_tests::engine::PrivateEngine;
use sandyq_tests::work::shell;
use sandyq_tests::{Options, Site, request_id};

use fault::{Fault, Random};

/// Jobs of one round, which all meet its fault.
const ROUND: usize = 3;

/// For a round to end, with all that is done to it.
const PATIENCE: Duration = Duration::from_secs(90);

/// What a job does, and so how it ends where nothing happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Fine,
    Fails,
    Overdue,
    Cancelled,
}

impl Kind {
    fn draw(random: &mut Random) -> Self {
        [
            Self::Fine,
            Self::Fine,
            Self::Fails,
            Self::Overdue,
            Self::Cancelled,
        ][random.below(5) as usize]
    }

    /// Each start of the command leaves a mark.
    fn job(self, image: &str, version: &str) -> v1::Job {
        let (script, seconds) = match self {
            Self::Fine => ("printf x >> /out/starts; sleep 0.5", 60),
            Self::Fails => ("printf x >> /out/starts; exit 3", 60),
            Self::Overdue => ("printf x >> /out/starts; sleep 50", 1),
            Self::Cancelled => ("printf x >> /out/starts; sleep 50", 60),
        };
        let mut job = shell(image, script);
        job.versions = vec![version.to_owned()];
        let limits = job.limits.as_mut().unwrap();
        limits.wall_clock_duration = Some(prost_types::Duration { seconds, nanos: 0 });
        job
    }
}

/// A job that was submitted.
#[derive(Clone, Debug)]
pub struct Submitted {
    pub name: String,
    pub kind: Kind,
    pub fault: Fault,
}

/// The platform under faults.
pub struct Soak {
    pub site: Site,
    pub engine: PrivateEngine,
    pub sandbox: String,
    pub starts: PathBuf,
    image: String,
    version: String,
    watcher: std::process::Child,
    _temp: tempfile::TempDir,
}

impl Soak {
    async fn prepare() -> Self {
        let engine = PrivateEngine::start();
        let site = Site::start_with(Options {
            config: vec![
                ("jobs.concurrent".into(), "4".into()),
                ("jobs.orphan_grace_seconds".into(), "1".into()),
            ],
            environment: vec![("DOCKER_HOST".into(), engine.host())],
            ..Options::default()
        })
        .await;
        let version = site.publish_register("people", 0..20).await.name;
        let sandbox = site.open_sandbox("soak").await;
        site.grant(&version, &sandbox, "research", 3000).await;
        let image = site.approved_image().await;
        let temp = tempfile::tempdir().unwrap();
        let starts = temp.path().join("starts");
        let watcher = engine.watch_starts(&starts);
        Self {
            site,
            engine,
            sandbox,
            starts,
            image,
            version,
            watcher,
            _temp: temp,
        }
    }

    /// Serves from now on with a failpoint, or with none.
    async fn serve(&mut self, failpoint: Option<&str>) {
        let host = self.engine.host();
        let mut environment = vec![("DOCKER_HOST", host.as_str())];
        environment.extend(failpoint.map(|place| (sandyq_platform::failpoint::VARIABLE, place)));
        self.site.set_environment(&environment);
        self.site.kill();
        if !self.site.try_serve().await {
            // It got to the place before it served.
            self.revive().await;
        }
    }

    async fn revive(&mut self) {
        let host = self.engine.host();
        self.site.set_environment(&[("DOCKER_HOST", &host)]);
        self.site.kill();
        self.site.serve().await;
    }

    /// Submits; a request whose answer was lost with the server is sent again as it was.
    async fn submit(&mut self, kind: Kind) -> String {
        let request = v1::CreateJobRequest {
            parent: self.sandbox.clone(),
            job: Some(kind.job(&self.image, &self.version)),
            request_id: request_id(),
        };
        loop {
            let mut client = self.site.user("developer").sandbox();
            match client.create_job(request.clone()).await {
                Ok(answer) => return answer.into_inner().job.unwrap().name,
                Err(status) => {
                    // A connection breaks a moment before its server is known to be dead.
                    assert!(self.ends_soon().await, "{status:?}");
                    println!("  lost an answer: {}", status.code());
                    self.revive().await;
                }
            }
        }
    }

    async fn ends_soon(&mut self) -> bool {
        let from = Instant::now();
        while !self.site.has_ended() {
            if from.elapsed() > Duration::from_secs(2) {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        true
    }

    /// A job as it is, also while the server is being revived.
    async fn look(&mut self, name: &str) -> Option<v1::Job> {
        if self.site.has_ended() {
            self.revive().await;
        }
        let request = v1::GetJobRequest {
            name: name.to_owned(),
        };
        let answer = self.site.user("admin").sandbox().get_job(request).await;
        answer.ok()?.into_inner().job
    }

    async fn cancel(&mut self, name: &str) {
        let request = v1::CancelJobRequest {
            name: name.to_owned(),
            reason: "enough".to_owned(),
            request_id: request_id(),
        };
        // A job that has ended meanwhile refuses; a server that has, does not answer.
        let mut client = self.site.user("developer").sandbox();
        let _ = client.cancel_job(request).await;
    }

    /// One round: jobs, the fault, and all of them to their end.
    async fn round(&mut self, fault: Fault, random: &mut Random) -> Vec<Submitted> {
        println!("  {fault:?}");
        if let Fault::Failpoint(place) = &fault {
            self.serve(Some(place)).await;
        }
        let mut jobs = Vec::new();
        for _ in 0..ROUND {
            let kind = Kind::draw(random);
            let name = self.submit(kind).await;
            jobs.push(Submitted {
                name,
                kind,
                fault: fault.clone(),
            });
        }
        tokio::time::sleep(fault.delay()).await;
        self.inflict(&fault).await;
        let from = Instant::now();
        let mut ended = BTreeMap::new();
        while ended.len() < jobs.len() {
            assert!(
                from.elapsed() < PATIENCE,
                "{jobs:?} do not end: {}",
                self.site.log()
            );
            for job in &jobs {
                let Some(now) = self.look(&job.name).await else {
                    continue;
                };
                if now.state() >= State::Succeeded {
                    ended.insert(now.name.clone(), now);
                } else if job.kind == Kind::Cancelled && now.state() >= State::Running {
                    self.cancel(&job.name).await;
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        for job in &jobs {
            check::outcome(job, &ended[&job.name]);
        }
        jobs
    }

    async fn inflict(&mut self, fault: &Fault) {
        match fault {
            Fault::Failpoint(_) => {}
            Fault::KillServer(_) => {
                if !self.site.has_ended() {
                    self.revive().await;
                }
            }
            Fault::RemoveContainer(_) => {
                if let Some(container) = self.site.containers().first() {
                    self.engine.docker(&["rm", "-f", container]);
                }
            }
            Fault::KillEngine(_) => {
                self.engine.kill();
                self.engine_again();
            }
            Fault::EndEngine(_) => {
                self.engine.end();
                self.engine_again();
            }
            Fault::FreezeEngine(_) => {
                self.engine.freeze();
                tokio::time::sleep(Duration::from_millis(2500)).await;
                self.engine.thaw();
            }
            Fault::KillBoth(_) => {
                self.engine.kill();
                self.site.kill();
                self.engine_again();
                self.site.serve().await;
            }
        }
    }

    /// Events are not told across a restart of the engine.
    fn engine_again(&mut self) {
        self.engine.begin();
        let _ = self.watcher.kill();
        let _ = self.watcher.wait();
        self.watcher = self.engine.watch_starts(&self.starts);
    }
}

impl Drop for Soak {
    fn drop(&mut self) {
        let _ = self.watcher.kill();
        let _ = self.watcher.wait();
    }
}

/// Runs the jobs that a seed chooses; everything is checked at the end of each round and of the run.
async fn run(seed: u64, jobs: usize) {
    println!("seed {seed}, {jobs} jobs");
    let mut random = Random::new(seed);
    let mut soak = Soak::prepare().await;
    let mut all = Vec::new();
    while all.len() < jobs {
        for fault in Fault::every_kind(&mut random) {
            if all.len() < jobs {
                all.extend(soak.round(fault, &mut random).await);
            }
        }
    }
    soak.revive().await;
    check::the_whole(&soak, &all).await;
    println!("seed {seed}: {} jobs are in a true state", all.len());
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

#[tokio::test]
async fn faults_at_any_moment_leave_every_job_in_a_true_state() {
    let seed = number("SANDYQ_SOAK_SEED", 20_260_122);
    let jobs = number("SANDYQ_SOAK_JOBS", 24);
    let soak = tokio::spawn(run(seed, usize::try_from(jobs).unwrap()));
    if let Err(error) = soak.await {
        println!("FAILED with seed {seed}; again: make soak SEED={seed} JOBS={jobs}");
        std::panic::resume_unwind(error.into_panic());
    }
}
