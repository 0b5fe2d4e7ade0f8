//! Subjects, types of columns and thresholds of quality.

use super::*;
use crate::profile::KnownRecords;

const SUBJECTS: &str = r#"
[datasets.citizens]
subject = "iin"
types = { iin = "IIN", region = "REGION" }
[datasets.citizens.columns.iin]
role = "direct"
transform = "pseudonymize"
domain = "person"
[datasets.citizens.columns.region]
role = "quasi"
transform = "keep"
[datasets.visits.columns.patient]
role = "direct"
"#;

fn with(before: &str, after: &str) -> String {
    format!("{HEAD}{before}{SUBJECTS}{after}")
}

#[test]
fn subjects_and_thresholds_are_read() {
    let before = "[relations]\nk = 6\nknown_records = 2\n[quality]\ncompleteness = 0.9\nreference = \"kazakhstan\"\n";
    let profile = Profile::parse(&with(before, "")).unwrap();
    let citizens = profile.dataset("citizens").unwrap();
    assert_eq!(citizens.subject(), Some("iin"));
    assert_eq!(citizens.types()["region"], "REGION");
    assert_eq!(profile.dataset("visits").unwrap().subject(), None);
    assert_eq!(profile.relations().k, Some(6));
    assert_eq!(profile.relations().known_records, KnownRecords::AtMost(2));
    assert_eq!(profile.quality().completeness, Some(0.9));
    let plain = Profile::parse(&with("", "")).unwrap();
    assert_eq!(plain.relations().known_records, KnownRecords::All);
    assert!(plain.quality().is_empty());
}

#[test]
fn what_would_leave_people_uncounted_is_refused() {
    let other = "transform = \"pseudonymize\"\ndomain = \"person\"\n";
    for (before, after, says) in [
        (
            "",
            other,
            "its pseudonyms join with the subjects of \"citizens\"",
        ),
        (
            "[relations]\nknown_records = 0\n",
            "",
            "\"all\" or a number from 1 to 3",
        ),
        (
            "[relations]\nknown_records = \"some\"\n",
            "",
            "\"all\" or a number",
        ),
        ("[relations]\nk = 4\n", "", "has no effect below 5"),
        (
            "[quality]\nvalidity = 2.0\n",
            "",
            "field quality.validity: must be a share",
        ),
        ("[quality]\nvalidty = 0.5\n", "", "unknown field"),
    ] {
        let said = refused(&with(before, after));
        assert!(said.contains(says), "{said}");
    }
    for (from, to, says) in [
        (
            "subject = \"iin\"",
            "subject = \"region\"",
            "no direct column",
        ),
        (
            "subject = \"iin\"",
            "subject = \"name\"",
            "no direct column",
        ),
        ("region = \"REGION\"", "city = \"REGION\"", "does not name"),
        (
            "suppression_limit = 0.05",
            "recoding = \"local\"",
            "under recoding = \"global\"",
        ),
        (
            "suppression_limit = 0.05",
            "suppressed_records = \"star\"",
            "suppressed_records = \"remove\"",
        ),
        (
            "subject = \"iin\"",
            "",
            "has no effect: no dataset names its subject",
        ),
    ] {
        let said = refused(&with("[relations]\n", "").replace(from, to));
        assert!(said.contains(says), "{from} -> {to}: {said}");
    }
}
