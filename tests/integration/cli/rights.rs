//! Requests of subjects and incidents at the terminal.

use sandyq_tests::rights::SUBJECT;

use super::{name, site, text};

#[tokio::test]
async fn rights_and_incidents_at_the_terminal() {
    let (site, terminal) = site().await;
    terminal.join("steward", "statistics", "agency-steward");
    let number = terminal.path("number.txt");
    std::fs::write(&number, format!("{SUBJECT}\n")).unwrap();
    let document = terminal.path("statement.pdf");
    std::fs::write(&document, "a statement").unwrap();
    let request = |kind: &'static str, number: &str| -> Vec<String> {
        let of = [
            "subject",
            "request",
            kind,
            "--iin-file",
            number,
            "--received",
            "2026-05-04",
        ];
        let shown = [
            "--document",
            "statement 17",
            "--document-file",
            text(&document),
        ];
        of.iter()
            .chain(&shown)
            .map(|part| (*part).to_owned())
            .collect()
    };
    let line = request("objection", text(&number));
    let line: Vec<&str> = line.iter().map(String::as_str).collect();
    let entered = terminal.last("steward", &line);
    // 4 May 2026 is a Monday; the 7th is a holiday.
    assert_eq!(entered["due_time"], "2026-05-08T18:59:59Z", "{entered}");
    assert_eq!(entered["overdue"], true);
    assert!(!entered.to_string().contains(SUBJECT));
    let listed = terminal.last("owner", &["subject", "overdue"]);
    assert_eq!(listed[0]["name"], entered["name"]);
    let name_of = name(&entered);
    let said = terminal.fails(
        "steward",
        3,
        &["subject", "accept", &name_of, "--reason", "no"],
    );
    assert!(said.contains("you may not do this"), "{said}");
    let done = terminal.last(
        "owner",
        &[
            "subject",
            "accept",
            &name_of,
            "--reason",
            "a person decides",
        ],
    );
    assert_eq!(done["state"], "STATE_FULFILLED");
    let closed = terminal.last(
        "steward",
        &["subject", "notify", &name_of, "--channel", "letter 5"],
    );
    assert_eq!(closed["state"], "STATE_CLOSED");
    let refuse = [
        "subject", "refuse", &name_of, "--ground", "no-data", "--reason", "none",
    ];
    let said = terminal.fails("owner", 4, &refuse);
    assert!(said.contains("article 19-1"), "{said}");
    std::fs::write(&number, "900101300018").unwrap();
    let line = request("withdrawal", text(&number));
    let line: Vec<&str> = line.iter().map(String::as_str).collect();
    let said = terminal.fails("steward", 2, &line);
    assert!(
        said.contains("check digit") && !said.contains("900101300018"),
        "{said}"
    );
    // A withdrawal is not accepted by a slip: without a terminal it takes a word more.
    std::fs::write(&number, SUBJECT).unwrap();
    let withdrawal = name(&terminal.last("steward", &line));
    let said = terminal.fails("owner", 2, &["subject", "accept", &withdrawal]);
    assert!(said.contains("--yes"), "{said}");
    let accepted = terminal.last("owner", &["subject", "accept", &withdrawal, "--yes"]);
    assert_eq!(accepted["state"], "STATE_FULFILLED", "{accepted}");
    let shown = terminal.last("owner", &["subject", "show", &name_of]);
    assert_eq!(shown, closed);
    assert_eq!(
        terminal
            .last("owner", &["subject", "list"])
            .as_array()
            .unwrap()
            .len(),
        2
    );

    let record = [
        "incident",
        "record",
        "--name",
        "A disk",
        "--description",
        "was lost",
        "--detected",
        "2026-05-04",
    ];
    let incident = name(&terminal.last("admin", &record));
    let classify = [
        "incident",
        "classify",
        &incident,
        "--category",
        "harm-by-ai-system",
    ];
    let fined = [
        "--offender",
        "lab",
        "--offender-category",
        "large-business",
        "--offence",
        "risks-not-managed",
    ];
    let classify: Vec<&str> = classify.iter().chain(&fined).copied().collect();
    let classified = terminal.last("admin", &classify);
    assert_eq!(
        classified["exposure"]["amount_tenge"], 432_500,
        "{classified}"
    );
    terminal.last(
        "admin",
        &[
            "incident",
            "notify",
            &incident,
            "--recipient",
            "authority",
            "--reference",
            "letter 1",
        ],
    );
    let close = [
        "incident",
        "close",
        &incident,
        "--measures",
        "a new disk",
        "--document",
        "act",
        "--document-file",
        text(&document),
    ];
    assert_eq!(terminal.last("admin", &close)["state"], "STATE_CLOSED");
    assert_eq!(
        terminal.last("admin", &["incident", "list"])[0]["name"],
        incident.as_str()
    );
    assert_eq!(
        terminal.last("admin", &["incident", "show", &incident])["measures"],
        "a new disk"
    );

    let end = terminal.last("owner", &["calendar", "deadline", "2026-12-11", "15"]);
    assert_eq!(
        (end["date"].as_str(), end["basis"].as_str()),
        (Some("2027-01-06"), Some("BY_RULE"))
    );
    let said = terminal.fails("owner", 2, &["calendar", "deadline", "2027-12-20", "15"]);
    assert!(said.contains("no year 2028"), "{said}");
    let years = terminal.last("owner", &["calendar", "check"]);
    assert_eq!(years[0]["days"][0]["date"], "2026-01-01");
    let broken = terminal.path("broken.toml");
    std::fs::write(&broken, "version = 1\n").unwrap();
    let said = terminal.fails("owner", 2, &["calendar", "check", text(&broken)]);
    assert!(said.contains("no year"), "{said}");
    drop(site);
}
