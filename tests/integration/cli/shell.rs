//! A workspace as a person opens it: at a terminal, from a script, and what the auditor sees of it.

use std::io::Write as _;
use std::process::{Command, Stdio};

use sandyq_tests::site::program;
use sandyq_tests::{images, repository};
use serde_json::Value;

use super::{Terminal, name, said, site, text};

/// A sandbox of the development stage; gives an approved image.
fn open_desk(terminal: &Terminal) -> String {
    terminal.open_sandbox("desk", "development");
    let archive = images::busybox();
    let import = ["image", "import", text(&archive), "--name", "busybox"];
    let image = name(&terminal.last("admin", &import));
    terminal.must("admin", &["image", "approve", &image]);
    image
}

fn shell(image: &str) -> Vec<&str> {
    let mut arguments = vec!["sandbox", "shell", "desk", "--image", image];
    arguments.extend(["--purpose", "research", "--memory", "64MiB"]);
    arguments
}

#[tokio::test]
async fn a_person_works_in_a_sandbox_at_a_terminal() {
    let (_site, terminal) = site().await;
    let image = open_desk(&terminal);
    let script = repository().join("tests/integration/cli/shell.py");
    let home = terminal.path("contexts");
    let out = Command::new("python3")
        .arg(script)
        .arg(program())
        .args(["--home", text(&home), "--context", "developer"])
        .args(shell(&image))
        .env("TERM", "xterm-256color")
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", said(&out));
    let seen: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(seen["status"], 0, "{seen}");
    assert_eq!(
        (&seen["echo_within"], &seen["signals_within"]),
        (&false.into(), &false.into())
    );
    assert_eq!(
        (&seen["echo_before"], &seen["echo_after"]),
        (&true.into(), &true.into())
    );
    let screen = seen["screen"].as_str().unwrap();
    assert!(screen.contains("33 111"), "{screen:?}");
    assert!(
        screen.contains("xy\r\n") && !screen.contains("\u{1b}]"),
        "{screen:?}"
    );
    // What the program left the terminal in is taken back.
    let left = screen.rfind("\u{1b}[?1049h").unwrap();
    assert!(
        screen[left..].contains("\u{1b}[?1049l\u{1b}[?25h"),
        "{screen:?}"
    );
    assert!(screen.contains("waits for review"), "{screen:?}");

    let jobs = terminal.last("developer", &["job", "list", "desk"]);
    let job = name(&jobs[0]);
    let cast = terminal.path("session.cast");
    let record = ["sandbox", "record", &job, "--out", text(&cast)];
    terminal.fails("developer", 3, &record);
    assert!(!cast.exists());
    terminal.must("auditor", &record);
    let cast = std::fs::read_to_string(cast).unwrap();
    assert!(cast.starts_with("{\"version\":2,"), "{cast}");
    assert!(cast.contains("stty size"), "{cast}");

    // From a script: the end of its input is the end of the file for the shell.
    let mut command = terminal.command("developer", &shell(&image));
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"echo $((40 + 2))\n").unwrap();
    drop(input);
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success(), "{}", said(&out));
    assert!(
        String::from_utf8_lossy(&out.stderr).contains("\n42\r\n"),
        "{}",
        said(&out)
    );
    let job: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(job["state"], "STATE_SUCCEEDED", "{job}");
    assert!(job["shell"]["shown_bytes"].as_i64().unwrap() > 0, "{job}");
    let sandbox = terminal.last("developer", &["sandbox", "show", "desk"]);
    assert!(
        sandbox["exits"]["terminal_bytes"].as_i64().unwrap() > 0,
        "{sandbox}"
    );
}
