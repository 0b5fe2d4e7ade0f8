#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]
use super::*;

pub(crate) fn raw() -> RawJob {
    RawJob {
        id: "job-1".to_owned(),
        sandbox: "box-1".to_owned(),
        image: format!("sha256:{}", "ab".repeat(32)),
        command: vec!["python3".to_owned(), "-c".to_owned(), "print(1)".to_owned()],
        environment: BTreeMap::from([("EPOCHS".to_owned(), "3".to_owned())]),
        inputs: vec![Input {
            host_path: "/srv/sandyq/staging/job-1/adult.parquet".into(),
            library: "census".to_owned(),
            dataset: "adult".to_owned(),
        }],
        models: Vec::new(),
        serve: None,
        output_path: "/srv/sandyq/staging/job-1/out".into(),
        limits: Limits::default(),
        isolation: Isolation::Hardened,
        terminal: None,
    }
}

fn fields(raw: RawJob) -> Vec<String> {
    raw.validate()
        .unwrap_err()
        .violations
        .into_iter()
        .map(|v| v.field)
        .collect()
}

#[test]
fn a_sound_job_passes_and_survives_serde() {
    let spec = raw().validate().unwrap();
    assert_eq!(spec.inputs()[0].target(), "/data/census/adult.parquet");
    let json = serde_json::to_string(&spec).unwrap();
    assert_eq!(serde_json::from_str::<JobSpec>(&json).unwrap(), spec);
}

#[test]
fn all_faults_are_reported_at_once() {
    let empty = RawJob::default();
    assert_eq!(
        fields(empty),
        ["id", "sandbox", "image", "command", "output_path"]
    );
}

#[test]
fn a_spec_cannot_be_deserialized_around_the_checks() {
    let mut bad = raw();
    bad.environment
        .insert("LD_PRELOAD".to_owned(), "/out/x.so".to_owned());
    let json = serde_json::to_string(&bad).unwrap();
    let error = serde_json::from_str::<JobSpec>(&json)
        .unwrap_err()
        .to_string();
    assert!(error.contains("environment[\"LD_PRELOAD\"]"), "{error}");
}

#[test]
fn commands_are_real_arguments() {
    for command in [
        vec![],
        vec![String::new()],
        vec!["a\0b".to_owned()],
        vec!["x".repeat(200_000)],
    ] {
        assert_eq!(fields(RawJob { command, ..raw() }).len(), 1);
    }
}

#[test]
fn the_loader_and_the_interpreter_are_not_steered() {
    for name in [
        "LD_PRELOAD",
        "LD_X",
        "ld_audit",
        "PATH",
        "GCONV_PATH",
        "PYTHONHOME",
        "BASH_ENV",
        "HOME",
        "SANDYQ_X",
        "A=B",
        "",
        "1A",
        "Ä",
    ] {
        let environment = BTreeMap::from([(name.to_owned(), "x".to_owned())]);
        assert_eq!(
            fields(RawJob {
                environment,
                ..raw()
            }),
            [format!("environment[{name:?}]")]
        );
    }
    let environment = BTreeMap::from([("A".to_owned(), "x\0y".to_owned())]);
    assert_eq!(
        fields(RawJob {
            environment,
            ..raw()
        }),
        ["environment[\"A\"]"]
    );
}

#[test]
fn only_plain_host_paths_are_mounted() {
    for path in [
        "",
        "relative/x",
        "/srv/../etc/shadow",
        "/var/run/docker.sock",
        "/run/docker.sock",
        "/proc/1/root",
        "/sys/x",
        "/dev/sda",
        "/etc/shadow",
        "/",
        "/srv/a\nb",
        "/srv/./x",
        "/srv//x",
    ] {
        let mut job = raw();
        job.inputs[0].host_path = path.into();
        assert_eq!(fields(job), ["inputs[0].host_path"], "{path:?}");
        assert_eq!(
            fields(RawJob {
                output_path: path.into(),
                ..raw()
            }),
            ["output_path"],
            "{path:?}"
        );
    }
}

#[test]
fn mount_targets_stay_in_place_and_apart() {
    for name in ["", "..", ".x", "a/b", "a b", "a:b", "é"] {
        let mut job = raw();
        job.inputs[0].library = name.to_owned();
        assert_eq!(fields(job), ["inputs[0].library"], "{name:?}");
    }
    let mut twice = raw();
    twice.inputs.push(twice.inputs[0].clone());
    assert_eq!(fields(twice), ["inputs[1]"]);
    let mut inside = raw();
    inside.inputs[0].host_path = inside.output_path.join("x");
    assert_eq!(fields(inside), ["inputs[0].host_path"]);
}

pub(crate) fn serving() -> RawJob {
    let model = Model {
        host_path: "/srv/sandyq/staging/box-1/model-00".into(),
        output: "o1".to_owned(),
        path: "weights/first layer.bin".to_owned(),
    };
    RawJob {
        models: vec![model],
        serve: Some(Serve {
            port: 8080,
            host_path: "/srv/sandyq/staging/job-1/serve".into(),
        }),
        ..raw()
    }
}

#[test]
fn released_files_and_the_way_in_have_their_places() {
    let spec = serving().validate().unwrap();
    assert_eq!(
        spec.models()[0].target(),
        "/models/o1/weights/first layer.bin"
    );
    for path in [
        "",
        "/a",
        "a/../b",
        "./a",
        "a//b",
        "a/",
        "a\nb",
        "a\u{202e}b",
    ] {
        let mut job = serving();
        job.models[0].path = path.to_owned();
        assert_eq!(fields(job), ["models[0].path"], "{path:?}");
    }
    let mut job = serving();
    job.models[0].output = "../x".to_owned();
    assert_eq!(fields(job), ["models[0].output"]);
    let mut job = serving();
    job.models.push(job.models[0].clone());
    assert_eq!(fields(job), ["models[1]"]);
    let mut job = serving();
    job.models[0].host_path = job.output_path.join("x");
    assert_eq!(fields(job), ["models[0].host_path"]);
    for (port, host_path) in [
        (80, "/srv/x"),
        (8080, "/run/x"),
        (8080, "/srv/sandyq/staging/job-1/out/x"),
    ] {
        let host_path = host_path.into();
        let serve = Some(Serve { port, host_path });
        assert_eq!(fields(RawJob { serve, ..serving() }).len(), 1, "{port}");
    }
}

#[test]
fn limits_have_a_floor_and_a_ceiling() {
    let limits = Limits {
        cpu_millis: 0,
        memory_bytes: 1,
        pids: u32::MAX,
        output_bytes: 0,
        ..Limits::default()
    };
    let found = fields(RawJob { limits, ..raw() });
    assert_eq!(
        found,
        [
            "limits.cpu_millis",
            "limits.memory_bytes",
            "limits.pids",
            "limits.output_bytes",
            "limits.tmp_bytes"
        ]
    );
    let limits = Limits {
        wall_clock: std::time::Duration::ZERO,
        ..Limits::default()
    };
    assert_eq!(fields(RawJob { limits, ..raw() }), ["limits.wall_clock"]);
    let limits = Limits {
        memory_bytes: 32 << 20,
        tmp_bytes: 1 << 20,
        ..Limits::default()
    };
    let small = RawJob { limits, ..raw() };
    assert!(small.clone().validate().is_ok());
    let isolation = Isolation::Gvisor;
    let small = RawJob { isolation, ..small };
    assert_eq!(
        fields(small),
        ["limits.memory_bytes"],
        "no room for the kernel"
    );
}
