//! Lines 12 to 19: what a job leaves in `/out` attacks whoever collects it, reviews it or opens it.

use sandyq_proto::v1;
use sandyq_proto::v1::CauseOfDeath as Cause;
use sandyq_proto::v1::job::State;
use sandyq_tests::engine::PrivateEngine;
use sandyq_tests::work::shell;
use sandyq_tests::{Options, Site, sha256};

const LOG: &str = ".sandyq/job.log";

/// A platform with a sandbox and an image.
struct Target {
    site: Site,
    sandbox: String,
    image: String,
}

impl Target {
    async fn new() -> Self {
        let site = Site::start().await;
        let sandbox = site.open_sandbox("collected").await;
        let image = site.approved_image().await;
        Self {
            site,
            sandbox,
            image,
        }
    }

    async fn run(&self, script: &str) -> (v1::Job, v1::Output) {
        self.run_job(shell(&self.image, script)).await
    }

    /// Runs a job; what the reviewer sees of its output.
    async fn run_job(&self, job: v1::Job) -> (v1::Job, v1::Output) {
        let job = self.site.submit(&self.sandbox, job).await.unwrap();
        let job = self.site.wait_job(&job.name).await;
        let request = v1::GetOutputRequest {
            name: job.output.clone(),
            ..Default::default()
        };
        let answer = self
            .site
            .user("reviewer")
            .airlock()
            .get_output(request)
            .await;
        let output = answer.unwrap_or_else(|error| panic!("{job:?}: {error:?}"));
        (job, output.into_inner().output.unwrap())
    }
}

fn paths(output: &v1::Output) -> Vec<&str> {
    let paths = output.files.iter().map(|file| file.path.as_str());
    paths.filter(|path| *path != LOG).collect()
}

#[track_caller]
fn refused(output: &v1::Output, path: &str, reason: &str) {
    let found = output
        .refused
        .iter()
        .any(|one| one.path == path && one.reason == reason);
    assert!(
        found,
        "{path:?} is not refused as {reason}: {:#?}",
        output.refused
    );
    assert!(!paths(output).contains(&path));
}

#[track_caller]
fn told(output: &v1::Output, path: &str, finding: &str) {
    let file = output.files.iter().find(|file| file.path == path);
    let file = file.unwrap_or_else(|| panic!("{path} is not there: {output:#?}"));
    let found = file.findings.iter().any(|one| one.contains(finding));
    assert!(
        found,
        "{finding:?} is not told of {path}: {:#?}",
        file.findings
    );
}

#[tokio::test]
async fn attack_12_symbolic_links_lead_nowhere() {
    let target = Target::new().await;
    // The swapper outlives its parent and goes on to the last moment of the container.
    let script = "cd /out; echo kept > good; \
        ln -s /etc/shadow absolute; ln -s ../../../../etc/shadow relative; ln -s / folder; \
        ln -s /proc/self/environ magic; mkdir d; echo x > d/inside; ln -s d inner; ln -s loop loop; \
        (while :; do rm -rf s; ln -s /etc/shadow s; rm -rf s; echo plain > s; done) & sleep 1; exit 0";
    let (job, output) = target.run(script).await;
    assert_eq!(job.state(), State::Succeeded, "{job:?}");
    for link in ["absolute", "relative", "folder", "magic", "inner", "loop"] {
        refused(&output, link, "Symlink");
    }
    let taken: Vec<_> = paths(&output)
        .into_iter()
        .filter(|path| *path != "s")
        .collect();
    assert_eq!(taken, ["d/inside", "good"]);
    if let Some(swapped) = output.files.iter().find(|file| file.path == "s") {
        assert!(swapped.size_bytes <= 6, "{swapped:?}");
    }
    target.site.wait_clean().await;
}

#[tokio::test]
async fn attack_13_links_fifos_and_devices_are_refused_and_block_nobody() {
    let target = Target::new().await;
    let script = "cd /out; echo x > one; ln one two; mkfifo pipe; mkdir f; mkfifo f/pipe; \
        mknod null c 1 3 && exit 9; mknod disk b 8 0 && exit 9; echo kept > good";
    let (job, output) = target.run(script).await;
    assert_eq!(
        job.state(),
        State::Succeeded,
        "no device could be made: {job:?}"
    );
    refused(&output, "one", "HardLink");
    refused(&output, "two", "HardLink");
    refused(&output, "pipe", "Fifo");
    refused(&output, "f/pipe", "Fifo");
    assert_eq!(paths(&output), ["good"]);
    target.site.wait_clean().await;
}

#[tokio::test]
async fn attack_14_names_say_what_they_are() {
    let target = Target::new().await;
    let script = r#"cd /out; long=$(printf '%0254d' 7)
        for name in 'a\nb' 'a\033[31mb' 'a\342\200\256txt.exe' 'a\342\200\213b' 'a\377' 'a\\b' 'a\177'; do
            : > "$(printf "$name")"
        done
        : > Model; : > model; : > "l$long"; : > ' '; : > ..a"#;
    let (job, output) = target.run(script).await;
    assert_eq!(job.state(), State::Succeeded, "{job:?}");
    for name in [
        "a\\u{a}b",
        "a\\u{1b}[31mb",
        "a\\u{202e}txt.exe",
        "a\\u{200b}b",
        "a\\xff",
        "a\\u{5c}b",
        "a\\u{7f}",
    ] {
        refused(&output, name, "BadName");
    }
    refused(&output, "model", "CaseCollision");
    let taken = paths(&output);
    assert!(
        taken.contains(&"Model") && taken.contains(&"..a"),
        "{taken:?}"
    );
    assert!(taken.iter().any(|path| path.len() == 255));
    target.site.wait_clean().await;
}

#[tokio::test]
async fn attack_15_holes_depths_and_numbers_are_bounded() {
    let target = Target::new().await;
    // Three holes, together larger than the output may be; a deep tree; a name too many.
    let script = "cd /out; for n in 1 2 3; do truncate -s 3M hole$n; done; mkdir p; cd p; \
        i=0; while [ $i -lt 60 ]; do mkdir d; cd d; i=$((i+1)); done; echo deep > deep";
    let (job, output) = target.run(script).await;
    assert_eq!(job.state(), State::Succeeded, "{job:?}");
    let holes: Vec<_> = output
        .refused
        .iter()
        .filter(|one| one.reason == "TooManyBytes")
        .collect();
    assert_eq!(holes.len(), 2, "{:#?}", output.refused);
    assert!(output.refused.iter().any(|one| one.reason == "TooDeep"));
    assert_eq!(paths(&output), ["hole1"]);

    let mut many = shell(
        &target.image,
        "cd /out; i=0; while [ $i -lt 100000 ]; do : > f$i || exit 7; i=$((i+1)); done",
    );
    many.limits.as_mut().unwrap().output_files = 200;
    let (job, output) = target.run_job(many).await;
    assert_eq!(job.cause_of_death(), Cause::OutputQuota, "{job:?}");
    let taken = paths(&output).len();
    assert!((190..=220).contains(&taken), "{taken}");
    target.site.wait_clean().await;
}

/// A zip with a pickle that calls `os.system`, a macro, and a zip whose entry leads out of its folder.
const HOSTILE_ZIP: &str = "UEsDBBQAAAAIAIQzdl1QwSbJJAAAACIAAAAOAAAAbW9kZWwvZGF0YS5wa2xrYEouyC/OrOAqriwuSc3lKmSIYGJgYMhMKWRsLWQKKmTWAwBQSwMEFAAAAAgAhDN2XYMW3IwDAAAAAQAAABEAAAB4bC92YmFQcm9qZWN0LmJpbqsAAFBLAwQUAAAACACEM3ZdUAPAhFAAAACPAAAACQAAAGlubmVyLnppcAvwZmYRYWBg4GBoMS6LbRa708MM5DECsSgQ6+npA1FqSbJ+clF+nl6KfmpZZs5qBoYAb0YmEWbc+mCgASSA3ZQAb1Y2BrAWRgZnIG0G1gAAUEsBAhQDFAAAAAgAhDN2XVDBJskkAAAAIgAAAA4AAAAAAAAAAAAAAIABAAAAAG1vZGVsL2RhdGEucGtsUEsBAhQDFAAAAAgAhDN2XYMW3IwDAAAAAQAAABEAAAAAAAAAAAAAAIABUAAAAHhsL3ZiYVByb2plY3QuYmluUEsBAhQDFAAAAAgAhDN2XVADwIRQAAAAjwAAAAkAAAAAAAAAAAAAAIABggAAAGlubmVyLnppcFBLBQYAAAAAAwADALIAAAD5AAAAAAA=";

#[tokio::test]
async fn attack_16_archives_and_code_are_told_to_the_reviewer() {
    let target = Target::new().await;
    let script = format!(
        "cd /out; echo {HOSTILE_ZIP} | base64 -d > report.xlsx; \
        dd if=/dev/zero bs=1M count=16 2>/dev/null | gzip -9 > bomb.gz; \
        gzip -9 < bomb.gz > bomb.gz.gz; \
        printf '\\200\\002cposix\\nsystem\\nq\\000X\\002\\000\\000\\000idq\\001\\205q\\002Rq\\003.' > model.bin; \
        printf '#!/bin/sh\\n' > run; echo 'print(1)' > train.py; echo '{{}}' > metrics.json"
    );
    let (job, output) = target.run(&script).await;
    assert_eq!(job.state(), State::Succeeded, "{job:?}");
    told(
        &output,
        "report.xlsx",
        "pickle: runs code when it is loaded; it calls posix.system",
    );
    told(
        &output,
        "report.xlsx",
        "macro: an Office document with a program",
    );
    told(
        &output,
        "report.xlsx",
        "archive path traversal: entry \"../../etc/cron.d/evil\"",
    );
    told(&output, "bomb.gz", "archive bomb");
    told(&output, "bomb.gz.gz", "archive bomb");
    told(&output, "model.bin", "it calls posix.system");
    told(&output, "run", "program: can be executed");
    told(&output, "train.py", "program");
    let quiet = output
        .files
        .iter()
        .find(|file| file.path == "metrics.json")
        .unwrap();
    assert!(quiet.findings.is_empty(), "{quiet:?}");
    target.site.wait_clean().await;
}

#[tokio::test]
async fn attack_17_formulas_are_told_and_rights_stay_behind() {
    let target = Target::new().await;
    let script = "cd /out; printf 'name,value\\nx,-1.5\\ny,=1+1\\n' > t.csv; \
        printf 'a,b\\n1,\"@SUM(A1)\"\\n' > u.csv; printf 'a,b\\n1,-2\\n' > plain.csv; \
        printf '#!/bin/sh\\necho owned' > root; chmod 6777 root; ls -ln root";
    let (job, output) = target.run(script).await;
    assert_eq!(job.state(), State::Succeeded, "{job:?}");
    told(
        &output,
        "t.csv",
        "formula: a spreadsheet would compute 1 cells, the first in row 3, column 2",
    );
    told(&output, "u.csv", "formula");
    let plain = output
        .files
        .iter()
        .find(|file| file.path == "plain.csv")
        .unwrap();
    assert!(
        !plain
            .findings
            .iter()
            .any(|finding| finding.starts_with("formula")),
        "{plain:?}"
    );
    // It set the bits inside; what leaves is bytes, and nothing of the volume is left whose bits could be used.
    target.site.release(&output.name).await;
    let log = target.site.released_file(&output.name, LOG).await;
    let log = String::from_utf8(log).unwrap();
    assert!(log.contains("rwsrwsrwx") && log.contains("10001"), "{log}");
    let bytes = target.site.released_file(&output.name, "root").await;
    assert_eq!(bytes, b"#!/bin/sh\necho owned");
    target.site.wait_clean().await;
}

#[tokio::test]
async fn attack_18_what_is_reviewed_is_what_is_released() {
    let target = Target::new().await;
    let script = "cd /out; head -c 300000 /dev/urandom > random; : > empty; \
        head -c 70000 /dev/zero > zeros; sha256sum random empty zeros";
    let (job, output) = target.run(script).await;
    assert_eq!(job.state(), State::Succeeded, "{job:?}");
    let mut reviewed = Vec::new();
    let request = v1::StartReviewRequest {
        name: output.name.clone(),
        ..Default::default()
    };
    let mut client = target.site.user("reviewer").airlock();
    let review = client
        .start_review(request)
        .await
        .unwrap()
        .into_inner()
        .output
        .unwrap();
    for file in &review.files {
        let bytes = target
            .site
            .download("reviewer", &output.name, &file.path)
            .await
            .unwrap();
        assert_eq!(sha256(&bytes), file.sha256, "{}", file.path);
        reviewed.push((file.path.clone(), bytes));
    }
    // Another manifest than the one that was reviewed releases nothing.
    let mut request = v1::ReleaseOutputRequest {
        name: output.name.clone(),
        manifest_sha256: sha256(b"another"),
        reason: "aggregates only".to_owned(),
        ..Default::default()
    };
    assert!(client.release_output(request.clone()).await.is_err());
    let denied = target
        .site
        .download("developer", &output.name, "random")
        .await;
    assert!(denied.is_err(), "before its release");
    request.manifest_sha256.clone_from(&review.manifest_sha256);
    client.release_output(request).await.unwrap();
    for (path, bytes) in &reviewed {
        assert_eq!(
            &target.site.released_file(&output.name, path).await,
            bytes,
            "{path}"
        );
    }
    // And it is what the job itself wrote.
    let log = reviewed.iter().find(|(path, _)| path == LOG).unwrap();
    let log = String::from_utf8(log.1.clone()).unwrap();
    for file in review.files.iter().filter(|file| file.path != LOG) {
        assert!(
            log.contains(&format!("{}  {}", file.sha256, file.path)),
            "{log}"
        );
    }
    target.site.wait_clean().await;
}

#[tokio::test]
async fn attack_19_the_engine_is_never_asked_for_files_of_a_container() {
    let engine = PrivateEngine::start_loud();
    let site = Site::start_with(Options {
        environment: vec![("DOCKER_HOST".into(), engine.host())],
        ..Options::default()
    })
    .await;
    let sandbox = site.open_sandbox("archive").await;
    let image = site.approved_image().await;
    let job = site
        .submit(&sandbox, shell(&image, "echo x > /out/x"))
        .await
        .unwrap();
    let job = site.wait_job(&job.name).await;
    assert_eq!(job.state(), State::Succeeded, "{job:?}");
    site.wait_clean().await;
    let asked = engine.calls();
    assert!(
        asked.iter().any(|call| call.contains("/containers/create")),
        "{asked:#?}"
    );
    for call in asked {
        let of_files = ["/archive", "/export", "/copy", "/changes"];
        assert!(!of_files.iter().any(|part| call.contains(part)), "{call}");
    }
}
