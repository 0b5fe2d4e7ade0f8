//! Which fields a list shows.

/// The columns of a list of these messages; those not named here show only in JSON and by themselves.
pub fn columns(message: &str) -> &'static [&'static str] {
    match message {
        "sandyq.v1.AuditEntry" => &["sequence", "entry_json"],
        "sandyq.v1.Column" => &["name", "type", "null_count"],
        "sandyq.v1.ColumnClassification" => &[
            "name",
            "type",
            "confidence",
            "role",
            "transform",
            "mixed",
            "evidence",
        ],
        "sandyq.v1.Dataset" => &[
            "dataset_id",
            "format",
            "size_bytes",
            "complete",
            "row_count",
            "sha256",
        ],
        "sandyq.v1.DatasetReport" => &[
            "dataset_id",
            "input_rows",
            "released_rows",
            "suppressed_rows",
            "measured_k",
            "equivalence_classes",
            "loss",
        ],
        "sandyq.v1.Grant" => &[
            "name",
            "state",
            "version",
            "sandbox",
            "purpose",
            "expire_time",
        ],
        "sandyq.v1.Image" => &[
            "name",
            "display_name",
            "state",
            "organization",
            "create_time",
        ],
        "sandyq.v1.Incident" => &[
            "name",
            "display_name",
            "state",
            "category",
            "subject_count",
            "detect_time",
        ],
        "sandyq.v1.Incident.AffectedVersion" => {
            &["version", "organization", "subject_count", "counted"]
        }
        "sandyq.v1.Incident.Notice" => {
            &["recipient", "due_time", "send_time", "reference", "overdue"]
        }
        "sandyq.v1.Job" => &[
            "name",
            "display_name",
            "state",
            "waiting_reason",
            "queue_position",
            "estimated_start_time",
            "cause_of_death",
            "exit_code",
            "create_time",
            "output",
        ],
        "sandyq.v1.Library" => &[
            "name",
            "display_name",
            "organization",
            "purposes",
            "published_version",
        ],
        "sandyq.v1.Organization" => &["name", "display_name", "kind", "create_time"],
        "sandyq.v1.Output" => &["name", "state", "job", "organization", "create_time"],
        "sandyq.v1.OutputFile" => &["path", "size_bytes", "sha256", "findings"],
        "sandyq.v1.RefusedFile" => &["path", "reason"],
        "sandyq.v1.Run" => &["name", "state", "progress", "create_time", "end_time"],
        "sandyq.v1.Sandbox" => &[
            "name",
            "display_name",
            "system",
            "stage",
            "state",
            "organization",
            "expire_time",
        ],
        "sandyq.v1.SubjectRequest" => &[
            "name",
            "kind",
            "state",
            "organization",
            "due_time",
            "working_days_left",
            "overdue",
        ],
        "sandyq.v1.SubjectRequest.HeldVersion" => &["version", "retired"],
        "sandyq.v1.SubjectRequest.TrainedOutput" => {
            &["output", "job", "system", "organization", "released"]
        }
        "sandyq.v1.System" => &[
            "name",
            "display_name",
            "risk_class",
            "autonomy",
            "state",
            "organization",
        ],
        "sandyq.v1.User" => &["name", "display_name", "organization", "roles", "state"],
        "sandyq.v1.Version" => &[
            "name",
            "state",
            "create_time",
            "publish_time",
            "published_run",
        ],
        _ => &[],
    }
}
