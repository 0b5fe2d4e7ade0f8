//! Trials by commands.

use std::process::{Command, Output};

use sandyq_tests::Site;
use sandyq_tests::site::program;
use sandyq_tests::trials::trial;

use super::{Terminal, name, said};

impl Terminal {
    /// The people of a platform, as if they had enrolled here.
    fn with(site: &Site, people: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        for person in people {
            let (user, folder) = (site.user(person), home.path().join("contexts").join(person));
            std::fs::create_dir_all(&folder).unwrap();
            let settings = format!("server = \"{}\"\nuser = \"{}\"\n", user.address, user.name);
            for (file, text) in [
                ("context.toml", &settings),
                ("cert.pem", &user.certificate_pem),
                ("key.pem", &user.key_pem),
                ("ca.pem", &user.ca_pem),
            ] {
                std::fs::write(folder.join(file), text).unwrap();
            }
        }
        Self { home }
    }

    /// Runs a command as a person sees it.
    fn run_plainly(&self, context: &str, arguments: &[&str]) -> Output {
        Command::new(program())
            .arg("--home")
            .arg(self.path("contexts"))
            .args(["--context", context])
            .args(arguments)
            .env_remove("SANDYQ_OUTPUT")
            .output()
            .unwrap()
    }
}

#[tokio::test]
async fn a_trial_is_started_asked_shown_and_stopped_by_commands() {
    let site = Site::start().await;
    let image = site.approved_image().await;
    site.open_trial_sandbox("pilot", 3600).await;
    let sample = trial(&image, "serve");
    let answer = format!("ANSWER={}", sample.environment["ANSWER"]);
    let terminal = Terminal::with(&site, &["developer", "rival"]);
    let (memory, image) = ("--memory", image.as_str());
    let mut start = vec![
        "trial",
        "start",
        "pilot/income",
        "--image",
        image,
        "--purpose",
    ];
    start.extend([
        "research",
        memory,
        "64MiB",
        "--output-bytes",
        "4MiB",
        "--env",
        &answer,
    ]);
    start.extend([
        "--health-path",
        "/health",
        "--health-interval",
        "1s",
        "--wait",
        "--",
    ]);
    start.extend(sample.command.iter().map(String::as_str));
    let started = terminal.last("developer", &start);
    assert_eq!(started["state"], "STATE_SERVING", "{started}");
    assert_eq!(name(&started), "sandboxes/pilot/trials/income");
    let call = ["trial", "call", "pilot/income", "/echo", "--data", "40"];
    let answered = terminal.last("developer", &call);
    assert_eq!(answered["status"], 200, "{answered}");
    // "POST /echo 40".
    assert_eq!(answered["body"], "UE9TVCAvZWNobyA0MA==", "{answered}");
    let failed = terminal.fails("developer", 1, &["trial", "call", "pilot/income", "/none"]);
    assert!(failed.contains("status 404"), "{failed}");
    terminal.fails("rival", 3, &["trial", "show", "pilot/income"]);
    let shown = terminal.last("developer", &["trial", "show", "pilot/income"]);
    assert_eq!(shown["usage"]["requests"], 2, "{shown}");
    assert_eq!(shown["users"][0]["user"], "users/developer", "{shown}");
    let listed = terminal.last("developer", &["trial", "list", "pilot"]);
    assert_eq!(name(&listed[0]), name(&started));
    let table = terminal.run_plainly("developer", &["trial", "list", "pilot"]);
    assert!(said(&table).contains("SERVING"), "{}", said(&table));
    let plain = terminal.run_plainly("developer", &call);
    assert_eq!(plain.stdout, b"POST /echo 40", "{}", said(&plain));
    let sandbox = terminal.last("developer", &["sandbox", "show", "pilot"]);
    assert!(sandbox["used"]["answer_bytes"].is_number(), "{sandbox}");
    let stop = [
        "trial",
        "stop",
        "pilot/income",
        "--reason",
        "the pilot is over",
    ];
    let stopped = terminal.last("developer", &stop);
    assert_eq!(stopped["state"], "STATE_STOPPED", "{stopped}");
    terminal.fails("developer", 4, &call);
    site.wait_clean().await;
}
