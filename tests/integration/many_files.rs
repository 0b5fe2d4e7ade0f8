//! What a job leaves in thousands of files: kept together, listed in pages, and each the same byte for byte.

use std::collections::BTreeMap;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use sandyq_platform::failpoint::VARIABLE;
use sandyq_proto::v1;
use sandyq_proto::v1::job::State;
use sandyq_tests::work::shell;
use sandyq_tests::{Site, sha256};

const LOG: &str = ".sandyq/job.log";

/// Files with long names, so that their list has more than one page, one large one and an empty one; the log has the hash of
/// each as the job itself saw it.
const MANY: &str = "cd /out; long=$(printf '%0240d' 0); mkdir a b; i=0; \
    while [ $i -lt 3000 ]; do echo number $i > a/$i-$long; i=$((i+1)); done; \
    while [ $i -lt 6000 ]; do echo number $i > b/$i-$long; i=$((i+1)); done; \
    head -c 3000001 /dev/urandom > m; : > z; find . -type f -print0 | xargs -0 sha256sum";

fn many(image: &str) -> v1::Job {
    let mut job = shell(image, MANY);
    let limits = job.limits.as_mut().unwrap();
    limits.output_bytes = 64 << 20;
    limits.output_files = 7000;
    limits.log_bytes = 16 << 20;
    limits.cpu_millis = 2000;
    job
}

/// All files of an output, and how many pages they came in.
async fn listed(site: &Site, output: &str) -> (Vec<v1::OutputFile>, usize) {
    let mut client = site.user("reviewer").airlock();
    let (mut files, mut pages, mut token) = (Vec::new(), 0, String::new());
    loop {
        let request = v1::GetOutputRequest {
            name: output.to_owned(),
            file_page_token: token,
        };
        let page = client.get_output(request).await.unwrap().into_inner();
        let output = page.output.unwrap();
        files.extend(output.files);
        (pages, token) = (pages + 1, page.next_file_page_token);
        if token.is_empty() {
            assert_eq!(output.file_count, i64::try_from(files.len()).unwrap());
            return (files, pages);
        }
    }
}

/// Hashes by path, as the job printed them.
fn printed(log: &[u8]) -> BTreeMap<String, String> {
    let lines = String::from_utf8(log.to_vec()).unwrap();
    let pairs = lines.lines().map(|line| {
        let (hash, path) = line.split_once("  ./").unwrap();
        (path.to_owned(), hash.to_owned())
    });
    pairs.collect()
}

/// Files of encrypted objects.
fn segments(site: &Site) -> Vec<PathBuf> {
    let files = site.files().into_iter();
    let segments = files.filter(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        path.components().any(|part| part.as_os_str() == "objects")
            && name.len() == 8
            && name.bytes().all(|byte| byte.is_ascii_digit())
    });
    segments.collect()
}

/// Every file is there once, in order, and is what the job wrote.
async fn as_written(site: &Site, output: &str) -> Vec<v1::OutputFile> {
    let (files, pages) = listed(site, output).await;
    assert!(pages > 1, "{pages}");
    let paths: Vec<_> = files.iter().map(|file| file.path.as_str()).collect();
    assert!(paths.windows(2).all(|pair| pair[0] < pair[1]));
    let log = site.download("reviewer", output, LOG).await.unwrap();
    let printed = printed(&log);
    assert_eq!((printed.len(), files.len()), (6002, 6003));
    for file in files.iter().filter(|file| file.path != LOG) {
        assert_eq!(printed[&file.path], file.sha256, "{}", file.path);
    }
    files
}

#[tokio::test]
async fn thousands_of_small_files_and_a_large_one_leave_as_they_were() {
    let site = Site::start().await;
    let sandbox = site.open_sandbox("many").await;
    let image = site.approved_image().await;
    let before = segments(&site).len();
    let job = site.submit(&sandbox, many(&image)).await.unwrap();
    let job = site.wait_job(&job.name).await;
    assert_eq!(job.state(), State::Succeeded, "{job:?}");
    // Before its release the developer knows nothing of it, not even how many files there are.
    let request = v1::GetOutputRequest {
        name: job.output.clone(),
        ..Default::default()
    };
    let mut developer = site.user("developer").airlock();
    let withheld = developer.get_output(request).await.unwrap().into_inner();
    assert_eq!(withheld.next_file_page_token, "");
    let withheld = withheld.output.unwrap();
    assert!(
        withheld.files.is_empty() && withheld.file_count == 0,
        "{withheld:?}"
    );

    let request = v1::StartReviewRequest {
        name: job.output.clone(),
        ..Default::default()
    };
    let mut reviewer = site.user("reviewer").airlock();
    let first = reviewer.start_review(request).await.unwrap().into_inner();
    let first = first.output.unwrap();
    assert_eq!(first.file_count, 6003);
    let files = as_written(&site, &job.output).await;
    assert_eq!(files[..first.files.len()], first.files[..]);
    // The pack, the list and the large file: as many objects for any number of small files.
    assert_eq!(segments(&site).len() - before, 3);

    let request = v1::ReleaseOutputRequest {
        name: job.output.clone(),
        manifest_sha256: first.manifest_sha256,
        reason: "aggregates only".to_owned(),
        ..Default::default()
    };
    reviewer.release_output(request).await.unwrap();
    let of_note = ["m", "z", LOG].map(str::to_owned);
    let every = files.iter().step_by(500).map(|file| file.path.clone());
    for path in every.chain(of_note) {
        let file = files.iter().find(|file| file.path == path).unwrap();
        let bytes = site.released_file(&job.output, &path).await;
        assert_eq!(
            i64::try_from(bytes.len()).unwrap(),
            file.size_bytes,
            "{path}"
        );
        assert_eq!(sha256(&bytes), file.sha256, "{path}");
        if let Some(number) = path
            .strip_prefix("a/")
            .and_then(|name| name.split('-').next())
        {
            assert_eq!(bytes, format!("number {number}\n").into_bytes());
        }
    }
    let absent = site.download("developer", &job.output, "a/0").await;
    assert_eq!(absent.unwrap_err().code(), tonic::Code::NotFound);
    let lists = v1::ListOutputsRequest::default();
    let list = reviewer.list_outputs(lists).await.unwrap().into_inner();
    assert!(list.outputs[0].files.is_empty() && list.outputs[0].file_count == 6003);
    site.wait_clean().await;
}

#[tokio::test]
async fn a_changed_byte_of_a_pack_is_found() {
    let site = Site::start().await;
    let sandbox = site.open_sandbox("tampered").await;
    let image = site.approved_image().await;
    let before = segments(&site);
    let script = "echo begun; cd /out; echo first > a; head -c 200000 /dev/zero > b; echo last > c";
    let job = site.submit(&sandbox, shell(&image, script)).await.unwrap();
    let job = site.wait_job(&job.name).await;
    assert_eq!(job.state(), State::Succeeded, "{job:?}");
    site.release(&job.output).await;
    assert_eq!(site.released_file(&job.output, "a").await, b"first\n");
    assert_eq!(site.released_file(&job.output, "c").await, b"last\n");

    let new: Vec<_> = segments(&site)
        .into_iter()
        .filter(|path| !before.contains(path))
        .collect();
    assert_eq!(new.len(), 1, "{new:?}");
    let pack = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(&new[0])
        .unwrap();
    let mut byte = [0];
    pack.read_exact_at(&mut byte, 100_000).unwrap();
    pack.write_all_at(&[byte[0] ^ 1], 100_000).unwrap();
    // The byte is one of `b`; nothing is given of any file that was sealed with it.
    for path in ["a", "b", "c", LOG] {
        let error = site.download("developer", &job.output, path).await;
        assert_eq!(error.unwrap_err().code(), tonic::Code::Internal, "{path}");
    }
    pack.write_all_at(&byte, 100_000).unwrap();
    assert_eq!(site.released_file(&job.output, "a").await, b"first\n");
    site.wait_clean().await;
}

#[tokio::test]
async fn a_collection_that_was_cut_in_its_midst_begins_anew() {
    let mut site = Site::start().await;
    let sandbox = site.open_sandbox("cut").await;
    let image = site.approved_image().await;
    // After the log and two portions of the files.
    site.set_environment(&[(VARIABLE, "taken-in@3")]);
    site.kill();
    site.serve().await;
    let job = site.submit(&sandbox, many(&image)).await.unwrap();
    site.wait_ended().await;
    site.set_environment(&[]);
    site.kill();
    site.serve().await;
    let job = site.wait_job(&job.name).await;
    assert_eq!(job.state(), State::Succeeded, "{job:?}");
    let request = v1::StartReviewRequest {
        name: job.output.clone(),
        ..Default::default()
    };
    let mut reviewer = site.user("reviewer").airlock();
    reviewer.start_review(request).await.unwrap();
    as_written(&site, &job.output).await;
    let lists = v1::ListOutputsRequest::default();
    let list = reviewer.list_outputs(lists).await.unwrap().into_inner();
    assert_eq!(list.outputs.len(), 1);
    site.wait_clean().await;
}
