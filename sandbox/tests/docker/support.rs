//! What every test needs: an engine of its own name, an image, volumes; all of it
//! gone afterwards, also after a panic.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::StreamExt;
use sandyq_sandbox::engine::{self, ImportedImage, LogRequest, LogStream};
use sandyq_sandbox::outcome::{Ending, follow};
use sandyq_sandbox::spec::Terminal;
use sandyq_sandbox::volume::OutputVolume;
use sandyq_sandbox::{
    DockerEngine, DockerOptions, Engine, EngineError, ImageDigest, Input, Isolation, JobSpec,
    Limits, PlatformId, RawJob, Usage,
};

pub const MIB: u64 = 1 << 20;

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// The first process of every container, which is linked apart from everything else.
pub fn init() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let found = test
        .ancestors()
        .map(engine::beside)
        .find(|path| path.is_file());
    found.expect("these tests need sandyq-init (run `make init`)")
}

/// One test's surroundings.
pub struct Bench {
    pub engine: DockerEngine,
    platform: PlatformId,
    image: ImageDigest,
    folder: tempfile::TempDir,
}

impl Bench {
    pub async fn new() -> Self {
        Self::with_programs(&[]).await
    }

    /// The image has these programs in `/bin` beside busybox.
    pub async fn with_programs(programs: &[(&str, &[u8])]) -> Self {
        let name = format!(
            "test-{}-{}",
            std::process::id(),
            NUMBER.fetch_add(1, Ordering::Relaxed)
        );
        let platform = PlatformId::new(name).unwrap();
        let folder = tempfile::Builder::new()
            .prefix("sandyq-sandbox-")
            .tempdir()
            .unwrap();
        let engine =
            DockerEngine::connect(DockerOptions::from_environment(platform.clone(), init()))
                .await
                .unwrap_or_else(|error| {
                    panic!("these tests need Docker (run deploy/setup.sh test): {error}")
                });
        // An environment that must not reach the job. Each test has its own image, so
        // that removing it disturbs no other.
        let mark = format!("bench {platform}");
        let env = "[\"LD_PRELOAD=/x.so\",\"FROM_IMAGE=1\"]";
        let archive = archive_of(&mark, env, "null", programs);
        let bytes = futures::stream::iter([Ok(archive.into())]).boxed();
        let image = engine.import_image(bytes).await.unwrap().remove(0).digest;
        Self {
            engine,
            platform,
            image,
            folder,
        }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A comment that makes an image this test's own.
    pub fn mark(&self, name: &str) -> String {
        format!("{name} {}", self.platform)
    }

    pub async fn reconnect(&mut self) {
        let options = DockerOptions::from_environment(self.platform.clone(), init());
        self.engine = DockerEngine::connect(options).await.unwrap();
    }

    /// A job that runs a shell script, with an output volume by its limits.
    pub fn job(&self, script: &str) -> Job {
        let id = format!(
            "{}-{}",
            self.platform,
            NUMBER.fetch_add(1, Ordering::Relaxed)
        );
        let place = self.folder.path().join(&id);
        let limits = Limits {
            output_bytes: 4 * MIB,
            ..Limits::default()
        };
        let volume =
            OutputVolume::create(&place, limits.output_bytes, limits.output_files).unwrap();
        let raw = RawJob {
            id,
            sandbox: "box".to_owned(),
            image: self.image.to_string(),
            command: vec!["sh".to_owned(), "-c".to_owned(), script.to_owned()],
            output_path: volume.mount_point().to_owned(),
            limits,
            ..RawJob::default()
        };
        Job { raw, place, volume }
    }

    /// Creates, starts and follows a job.
    pub async fn run(&self, spec: &JobSpec) -> (Ending, Usage) {
        self.engine.create(spec).await.unwrap();
        self.engine.start(spec.id()).await.unwrap();
        let mut usage = Usage::default();
        let running = follow(
            &self.engine,
            spec.id(),
            Duration::from_millis(100),
            &mut usage,
            |_| (),
        );
        let end = tokio::time::timeout(Duration::from_secs(60), running)
            .await
            .expect("the job ends")
            .unwrap();
        (end, usage)
    }

    pub async fn logs(&self, spec: &JobSpec) -> Vec<(LogStream, String)> {
        let frames = self
            .engine
            .logs(spec.id(), LogRequest::default())
            .await
            .unwrap();
        let text = |frame: Result<sandyq_sandbox::engine::LogFrame, EngineError>| {
            let frame = frame.unwrap();
            (
                frame.stream,
                String::from_utf8_lossy(&frame.bytes).into_owned(),
            )
        };
        frames.map(text).collect().await
    }

    pub async fn import(&self, archive: Vec<u8>) -> Result<Vec<ImportedImage>, EngineError> {
        let chunks: Vec<std::io::Result<bytes::Bytes>> = archive
            .chunks(64 << 10)
            .map(|c| Ok(c.to_vec().into()))
            .collect();
        self.engine
            .import_image(futures::stream::iter(chunks).boxed())
            .await
    }

    /// What `docker save` writes.
    pub async fn save(&self, image: &ImageDigest) -> Vec<u8> {
        let docker = bollard::Docker::connect_with_unix_defaults()
            .unwrap()
            .negotiate_version()
            .await
            .unwrap();
        let mut bytes = Vec::new();
        let mut stream = Box::pin(docker.export_image(image.as_str()));
        while let Some(chunk) = stream.next().await {
            bytes.extend_from_slice(&chunk.unwrap());
        }
        bytes
    }

    async fn clean(engine: &DockerEngine, folder: &Path, image: &ImageDigest) {
        for listed in engine.list().await.unwrap_or_default() {
            engine.remove(&listed.job).await.ok();
        }
        for place in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            OutputVolume::at(&place.path()).remove().ok();
        }
        engine.remove_image(image).await.ok();
    }
}

impl Drop for Bench {
    /// Runs also when the test panicked; the tests' runtime has several threads, so
    /// one may wait here.
    fn drop(&mut self) {
        let (engine, folder, image) = (&self.engine, self.folder.path(), &self.image);
        tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(Self::clean(engine, folder, image));
        });
    }
}

pub struct Job {
    raw: RawJob,
    place: PathBuf,
    pub volume: OutputVolume,
}

impl Job {
    pub fn with_input(mut self, path: &Path) -> Self {
        let input = Input {
            host_path: path.to_owned(),
            library: "census".to_owned(),
            dataset: "adult".to_owned(),
        };
        self.raw.inputs.push(input);
        self
    }

    pub fn with_command(mut self, command: &[&str]) -> Self {
        self.raw.command = command
            .iter()
            .map(|argument| (*argument).to_owned())
            .collect();
        self
    }

    pub fn with_image(mut self, image: &ImageDigest) -> Self {
        self.raw.image = image.to_string();
        self
    }

    /// The volume is made again to fit.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.volume.remove().unwrap();
        self.volume =
            OutputVolume::create(&self.place, limits.output_bytes, limits.output_files).unwrap();
        self.raw.limits = limits;
        self
    }

    pub fn with_isolation(mut self, isolation: Isolation) -> Self {
        self.raw.isolation = isolation;
        self
    }

    pub fn with_terminal(mut self, terminal: Terminal) -> Self {
        self.raw.terminal = Some(terminal);
        self
    }

    pub fn spec(&self) -> JobSpec {
        self.raw.clone().validate().unwrap()
    }
}

/// A busybox image in the format of `docker save`, with a mark that makes its
/// digest its own, and the given environment and volumes.
pub fn archive(mark: &str, env: &str, volumes: &str) -> Vec<u8> {
    archive_of(mark, env, volumes, &[])
}

fn archive_of(mark: &str, env: &str, volumes: &str, programs: &[(&str, &[u8])]) -> Vec<u8> {
    let layer = layer(programs);
    let diff = sha256(&layer);
    let architecture = if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "amd64"
    };
    let config = format!(
        r#"{{"architecture":"{architecture}","comment":"{mark}","config":{{"Env":{env},"Volumes":{volumes},"Entrypoint":["/bin/false"],"Cmd":["never"]}},"created":"1970-01-01T00:00:00Z","os":"linux","rootfs":{{"type":"layers","diff_ids":["sha256:{diff}"]}}}}"#
    );
    let name = format!("{}.json", sha256(config.as_bytes()));
    let manifest = format!(r#"[{{"Config":"{name}","RepoTags":null,"Layers":["layer.tar"]}}]"#);
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in [
        ("manifest.json", manifest.as_bytes()),
        (&name, config.as_bytes()),
        ("layer.tar", &layer),
    ] {
        append(&mut tar, name, tar::EntryType::Regular, bytes, None);
    }
    tar.into_inner().unwrap()
}

fn layer(programs: &[(&str, &[u8])]) -> Vec<u8> {
    let busybox = ["/bin/busybox", "/usr/bin/busybox"]
        .iter()
        .find_map(|path| std::fs::read(path).ok());
    let busybox = busybox.expect("these tests need busybox-static (run deploy/setup.sh test)");
    let mut tar = tar::Builder::new(Vec::new());
    for folder in [
        "bin/", "dev/", "proc/", "sys/", "tmp/", "out/", "data/", "etc/",
    ] {
        append(&mut tar, folder, tar::EntryType::Directory, &[], None);
    }
    append(
        &mut tar,
        "bin/busybox",
        tar::EntryType::Regular,
        &busybox,
        None,
    );
    let applets = "cat chown cp dd echo env exit false grep head hostname id ln ls mkdir mount seq setsid sh sleep sort stty tail touch true tty unshare yes";
    for applet in applets.split(' ') {
        append(
            &mut tar,
            &format!("bin/{applet}"),
            tar::EntryType::Symlink,
            &[],
            Some("busybox"),
        );
    }
    for (name, bytes) in programs {
        let path = format!("bin/{name}");
        append(&mut tar, &path, tar::EntryType::Regular, bytes, None);
    }
    tar.into_inner().unwrap()
}

fn append(
    tar: &mut tar::Builder<Vec<u8>>,
    name: &str,
    kind: tar::EntryType,
    bytes: &[u8],
    link: Option<&str>,
) {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(0o755);
    header.set_size(bytes.len() as u64);
    match link {
        Some(target) => tar.append_link(&mut header, name, target).unwrap(),
        None => tar.append_data(&mut header, name, bytes).unwrap(),
    }
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(ring::digest::digest(&ring::digest::SHA256, bytes))
}
