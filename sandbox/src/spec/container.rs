//! The whole configuration of a job's container, as a pure function.
//!
//! What is not set here is the engine's default, and the golden test shows every
//! setting that is. Numbers such as `threats 4` point to the lines of
//! docs/threat-model.md that a setting answers.

use std::collections::HashMap;
use std::path::Path;

use bollard::models::{
    ContainerCreateBody, HealthConfig, HostConfig, HostConfigCgroupnsModeEnum, HostConfigLogConfig,
    Mount, MountBindOptions, MountBindOptionsPropagationEnum, MountType, ResourcesUlimits,
    RestartPolicy, RestartPolicyNameEnum,
};

use sandyq_init::{Plan, budget, forward};

use super::{Input, JobSpec};
use crate::id::PlatformId;
use crate::isolation::seccomp;
use crate::volume;

/// The user that every job runs as. It owns nothing on the host but output volumes.
pub const UID: u32 = 10001;
/// The group that every job runs as.
pub const GID: u32 = 10001;

/// Open files per process.
const OPEN_FILES: i64 = 4096;
/// Inodes in `/tmp` and `/dev/shm`: an empty file costs kernel memory that the
/// size of a tmpfs does not count.
const TMP_INODES: u32 = 65_536;
const SHM_INODES: u32 = 4096;

/// Where the container finds its first process.
const INIT: &str = "/.sandyq/init";
/// Bytes of log a second; a job that prints faster is slowed down, so that no job keeps
/// the engine from its other work.
const LOG_RATE: u64 = 4 << 20;
/// Init's own place among the processes, and that of its thread where the job serves.
const INIT_PIDS: u32 = 1;
const FORWARD_PIDS: u32 = 1;

/// What the container depends on beside the job.
#[derive(Debug, Clone, Copy)]
pub struct ContainerContext<'a> {
    /// The installation that owns the container.
    pub platform: &'a PlatformId,
    /// The program `sandyq-init` on this machine.
    pub init: &'a Path,
    /// Names of the variables that the image sets; each is taken out again.
    pub image_variables: &'a [String],
}

/// The body of the engine's create call for a job.
#[must_use]
pub fn container(spec: &JobSpec, context: &ContainerContext<'_>) -> ContainerCreateBody {
    ContainerCreateBody {
        // By digest: a tag can be moved after it was approved (threats 7).
        image: Some(spec.image().to_string()),
        // Init of ours with the whole command as its arguments, so neither the image's
        // entrypoint nor its default arguments are ever used (threats 7), and the
        // deadline holds while nobody outside watches (threats 25).
        entrypoint: Some(entrypoint(spec)),
        cmd: Some(vec![]),
        env: Some(environment(spec, context)),
        // A health check of the image would be a second command.
        healthcheck: Some(HealthConfig {
            test: Some(vec!["NONE".to_owned()]),
            ..HealthConfig::default()
        }),
        // Numeric, so that no /etc/passwd of the image decides who it is (threats 1).
        user: Some(format!("{UID}:{GID}")),
        working_dir: Some("/out".to_owned()),
        // The same for all: the engine's default would be the container's id.
        hostname: Some("sandbox".to_owned()),
        domainname: Some(String::new()),
        network_disabled: Some(true),
        // No input: nothing outside can steer a job. Where a person works with it, init hears what is typed, and opens a terminal
        // for the command alone; with whoever types goes the input.
        tty: Some(false),
        open_stdin: Some(spec.terminal().is_some()),
        stdin_once: Some(spec.terminal().is_some()),
        attach_stdin: Some(false),
        attach_stdout: Some(false),
        attach_stderr: Some(false),
        stop_signal: Some("SIGKILL".to_owned()),
        labels: Some(labels(spec, context)),
        host_config: Some(host_config(spec, context)),
        ..ContainerCreateBody::default()
    }
}

fn entrypoint(spec: &JobSpec) -> Vec<String> {
    let limits = spec.limits();
    let plan = Plan {
        wall_clock: limits.wall_clock,
        grace: std::time::Duration::ZERO,
        log_bytes: limits.log_bytes,
        log_rate: spec
            .terminal()
            .map_or(LOG_RATE, |terminal| terminal.bytes_per_second),
        serve_port: spec.serve().map(|serve| serve.port),
        terminal_idle: spec.terminal().map(|terminal| terminal.idle),
        command: spec.command().iter().map(Into::into).collect(),
    };
    let arguments = plan.arguments().into_iter();
    [INIT.to_owned()]
        .into_iter()
        // What came from text is text.
        .chain(arguments.map(|argument| argument.to_string_lossy().into_owned()))
        .collect()
}

fn labels(spec: &JobSpec, context: &ContainerContext<'_>) -> HashMap<String, String> {
    HashMap::from([
        (LABEL_JOB.to_owned(), spec.id().to_string()),
        (LABEL_SANDBOX.to_owned(), spec.sandbox().to_string()),
        (LABEL_PLATFORM.to_owned(), context.platform.to_string()),
    ])
}

pub(crate) const LABEL_JOB: &str = "sandyq.job";
pub(crate) const LABEL_SANDBOX: &str = "sandyq.sandbox";
pub(crate) const LABEL_PLATFORM: &str = "sandyq.platform";

/// The platform's variables, then the job's, then the names of the image's
/// variables without `=`, which makes the engine leave them out (threats 7).
fn environment(spec: &JobSpec, context: &ContainerContext<'_>) -> Vec<String> {
    // Numerical libraries start a thread for every core they see, and a container
    // sees all of the host's.
    let threads = spec.limits().cpu_millis.div_ceil(1000).to_string();
    let ours = [
        (
            "PATH",
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        ),
        ("HOME", "/tmp"),
        ("TMPDIR", "/tmp"),
        ("LANG", "C.UTF-8"),
        ("PYTHONUNBUFFERED", "1"),
        ("OMP_NUM_THREADS", &threads),
        ("OPENBLAS_NUM_THREADS", &threads),
        ("POLARS_MAX_THREADS", &threads),
        ("SANDYQ_DATA", "/data"),
        ("SANDYQ_OUT", "/out"),
    ];
    let port = spec.serve().map(|serve| serve.port.to_string());
    let mut all: std::collections::BTreeMap<&str, &str> = ours.into_iter().collect();
    all.extend(port.as_deref().map(|port| ("SANDYQ_PORT", port)));
    all.extend((!spec.models().is_empty()).then_some(("SANDYQ_MODELS", "/models")));
    if spec.terminal().is_some() {
        all.insert("TERM", "xterm-256color");
    }
    all.extend(
        spec.environment()
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str())),
    );
    let dropped = context
        .image_variables
        .iter()
        .filter(|name| !all.contains_key(name.as_str()))
        .cloned();
    all.iter()
        .map(|(name, value)| format!("{name}={value}"))
        .chain(dropped)
        .collect()
}

fn host_config(spec: &JobSpec, context: &ContainerContext<'_>) -> HostConfig {
    let limits = spec.limits();
    let isolation = spec.isolation();
    HostConfig {
        // Threats 2: no way to more rights.
        privileged: Some(false),
        cap_drop: Some(vec!["ALL".to_owned()]),
        cap_add: Some(vec![]),
        // Threats 5: a filter of our own, stricter than the engine's, whose presence
        // the engine adapter checks.
        security_opt: Some(vec![
            "no-new-privileges=true".to_owned(),
            format!("seccomp={}", seccomp::profile(isolation)),
        ]),
        // Threats 11: a kernel of its own where the risk class asks for one.
        runtime: runtime(spec).map(str::to_owned),
        devices: Some(vec![]),
        device_requests: Some(vec![]),
        group_add: Some(vec![]),
        // Own namespaces for everything. "none" gives an own IPC namespace without
        // the engine's /dev/shm, which has no inode limit; ours is mounted below.
        ipc_mode: Some("none".to_owned()),
        pid_mode: Some(String::new()),
        uts_mode: Some(String::new()),
        userns_mode: Some(String::new()),
        cgroupns_mode: Some(HostConfigCgroupnsModeEnum::PRIVATE),
        // Threats 6: a network with nothing but loopback.
        network_mode: Some("none".to_owned()),
        publish_all_ports: Some(false),
        dns: Some(vec![]),
        // Threats 3.
        readonly_rootfs: Some(true),
        tmpfs: Some(HashMap::from([
            ("/tmp".to_owned(), tmpfs(limits.tmp_bytes, TMP_INODES)),
            ("/dev/shm".to_owned(), tmpfs(limits.shm_bytes(), SHM_INODES)),
        ])),
        // Threats 4.
        pids_limit: Some(i64::from(isolation.host_pids(all_pids(spec)))),
        memory: Some(signed(limits.memory_bytes)),
        // Memory and swap together: equal to memory means no swap.
        memory_swap: Some(signed(limits.memory_bytes)),
        oom_kill_disable: Some(false),
        // The job dies before anything else of the host does.
        oom_score_adj: Some(500),
        nano_cpus: Some(i64::from(limits.cpu_millis) * 1_000_000),
        ulimits: Some(ulimits(spec)),
        mounts: Some(mounts(spec, context.init)),
        // Threats 10: the engine's default log has no limit at all. Init keeps it
        // within this, so that the file is never turned over; should it be, the newer
        // one of two, with init's last word, is there.
        log_config: Some(HostConfigLogConfig {
            typ: Some("local".to_owned()),
            config: Some(HashMap::from([
                (
                    "max-size".to_owned(),
                    budget::engine_bytes(limits.log_bytes).to_string(),
                ),
                ("max-file".to_owned(), "2".to_owned()),
                ("compress".to_owned(), "false".to_owned()),
                ("mode".to_owned(), "blocking".to_owned()),
            ])),
        }),
        // A job runs once, and its remains are looked at before they are removed.
        restart_policy: Some(RestartPolicy {
            name: Some(RestartPolicyNameEnum::NO),
            maximum_retry_count: None,
        }),
        auto_remove: Some(false),
        ..HostConfig::default()
    }
}

fn runtime(spec: &JobSpec) -> Option<&'static str> {
    match spec.serve() {
        None => spec.isolation().runtime(),
        Some(_) => spec.isolation().serving_runtime(),
    }
}

/// The job's processes, and init.
fn all_pids(spec: &JobSpec) -> u32 {
    let forward = spec.serve().map_or(0, |_| FORWARD_PIDS);
    spec.limits().pids.saturating_add(INIT_PIDS + forward)
}

/// The job's own: runc gives the mount the permissions of the image's folder of
/// that name, which may be closed to all but its owner.
fn tmpfs(bytes: u64, inodes: u32) -> String {
    format!("rw,noexec,nosuid,nodev,size={bytes},nr_inodes={inodes},uid={UID},gid={GID},mode=0700")
}

fn ulimits(spec: &JobSpec) -> Vec<ResourcesUlimits> {
    let limits = spec.limits();
    // As large as the whole output volume, so that a full volume shows itself as
    // ENOSPC, which a program can handle, before SIGXFSZ, which kills it; it still
    // bounds sparse files, whose holes no quota counts.
    let file = volume::image_bytes(limits.output_bytes, limits.output_files).max(limits.tmp_bytes);
    let always = [("nofile", OPEN_FILES), ("fsize", signed(file)), ("core", 0)];
    let guest = spec
        .isolation()
        .guest_pids(all_pids(spec))
        .map(|pids| ("nproc", i64::from(pids)));
    always
        .into_iter()
        .chain(guest)
        .map(|(name, value)| ResourcesUlimits {
            name: Some(name.to_owned()),
            soft: Some(value),
            hard: Some(value),
        })
        .collect()
}

fn mounts(spec: &JobSpec, init: &Path) -> Vec<Mount> {
    let init = bind(&init.to_string_lossy(), INIT, true);
    let inputs = spec
        .inputs()
        .iter()
        .map(|input: &Input| bind(&input.host_path.to_string_lossy(), &input.target(), true));
    let models = spec
        .models()
        .iter()
        .map(|model| bind(&model.host_path.to_string_lossy(), &model.target(), true));
    let output = bind(&spec.output_path().to_string_lossy(), "/out", false);
    // Threats 6: the only way in, and it leads to loopback.
    let serve = spec
        .serve()
        .map(|serve| bind(&serve.host_path.to_string_lossy(), forward::FOLDER, false));
    [init]
        .into_iter()
        .chain(inputs)
        .chain(models)
        .chain([output])
        .chain(serve)
        .collect()
}

/// A bind mount that carries no other mounts along, in either direction, and that
/// fails when its source is absent instead of creating a folder (threats 8).
fn bind(source: &str, target: &str, read_only: bool) -> Mount {
    Mount {
        typ: Some(MountType::BIND),
        source: Some(source.to_owned()),
        target: Some(target.to_owned()),
        read_only: Some(read_only),
        bind_options: Some(MountBindOptions {
            propagation: Some(MountBindOptionsPropagationEnum::PRIVATE),
            non_recursive: Some(true),
            ..MountBindOptions::default()
        }),
        ..Mount::default()
    }
}

/// The engine's numbers are signed; validated limits are far below the edge.
fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "tests fail by panicking"
    )]
    use serde_json::Value;

    use super::*;
    use crate::isolation::Isolation;
    use crate::spec::tests::{raw, serving};
    use crate::spec::{RawJob, Terminal};

    fn sorted(value: Value) -> Value {
        match value {
            Value::Object(map) => {
                let mut entries: Vec<_> = map
                    .into_iter()
                    .map(|(key, value)| (key, sorted(value)))
                    .collect();
                entries.sort_by(|a, b| a.0.cmp(&b.0));
                Value::Object(entries.into_iter().collect())
            }
            Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
            other => other,
        }
    }

    fn body(isolation: Isolation) -> Value {
        body_of(RawJob { isolation, ..raw() })
    }

    fn body_of(raw: RawJob) -> Value {
        let isolation = raw.isolation;
        let platform = PlatformId::new("plat-1").unwrap();
        let image_variables = [
            "LD_PRELOAD".to_owned(),
            "PATH".to_owned(),
            "EPOCHS".to_owned(),
        ];
        let context = ContainerContext {
            platform: &platform,
            init: Path::new("/usr/lib/sandyq/sandyq-init"),
            image_variables: &image_variables,
        };
        let body = container(&raw.validate().unwrap(), &context);
        let mut body = sorted(serde_json::to_value(body).unwrap());
        // The filter has a golden file of its own.
        let filter = &mut body["HostConfig"]["SecurityOpt"][1];
        assert_eq!(*filter, format!("seccomp={}", seccomp::profile(isolation)));
        *filter = "seccomp=<tests/golden/seccomp.json>".into();
        body
    }

    /// Rewritten by `UPDATE_GOLDEN=1 cargo test -p sandyq-sandbox`.
    #[test]
    fn the_container_is_the_golden_one() {
        let terminal = Terminal {
            idle: std::time::Duration::from_secs(600),
            bytes_per_second: 32_768,
        };
        let interactive = RawJob {
            terminal: Some(terminal),
            ..raw()
        };
        for (body, file) in [
            (body(Isolation::Hardened), "container.json"),
            (body(Isolation::Gvisor), "container_gvisor.json"),
            (body_of(interactive), "container_terminal.json"),
            (body_of(serving()), "container_serving.json"),
        ] {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("tests/golden")
                .join(file);
            let actual = serde_json::to_string_pretty(&body).unwrap() + "\n";
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                std::fs::write(&path, &actual).unwrap();
            }
            assert_eq!(
                std::fs::read_to_string(&path).unwrap(),
                actual,
                "review, then run with UPDATE_GOLDEN=1"
            );
        }
    }

    #[test]
    fn the_image_contributes_no_environment() {
        let body = body(Isolation::Hardened);
        let env: Vec<&str> = body["Env"]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_str().unwrap())
            .collect();
        assert!(
            env.contains(&"LD_PRELOAD"),
            "named without a value, which removes it"
        );
        assert_eq!(env.iter().filter(|v| v.starts_with("PATH")).count(), 1);
        assert!(
            env.contains(&"EPOCHS=3"),
            "the job's own value wins over the image's"
        );
    }

    #[test]
    fn a_job_that_serves_has_one_more_place_to_write_and_no_network() {
        let body = body_of(serving());
        let mounts = body["HostConfig"]["Mounts"].as_array().unwrap();
        let writable: Vec<&str> = mounts
            .iter()
            .filter(|mount| mount["ReadOnly"] != true)
            .map(|mount| mount["Target"].as_str().unwrap())
            .collect();
        assert_eq!(writable, ["/out", "/.sandyq/serve"]);
        assert_eq!(body["HostConfig"]["NetworkMode"], "none");
        assert!(body["HostConfig"].get("PortBindings").is_none());
    }

    #[test]
    fn nothing_of_the_host_is_mounted_but_init_inputs_and_the_output() {
        let body = body(Isolation::Gvisor);
        let mounts = body["HostConfig"]["Mounts"].as_array().unwrap();
        assert_eq!(mounts.len(), 3);
        for mount in mounts {
            assert_eq!(mount["ReadOnly"] == true, mount["Target"] != "/out");
            assert_eq!(mount["BindOptions"]["NonRecursive"], true);
        }
        assert!(body["HostConfig"].get("Binds").is_none());
        assert!(!body.to_string().contains(".sock"));
        assert!(!body.to_string().contains("unconfined"));
    }
}
