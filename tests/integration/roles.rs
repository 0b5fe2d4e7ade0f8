//! Every call by every role, against a table that people can read: `tests/golden/roles.txt`, written anew by `UPDATE_GOLDEN=1`.
//!
//! Requests name real resources of the agency `statistics` and the developer `lab`. Those that would change something carry a
//! malformed `request_id`, which is looked at only after the policies have allowed the call: who may make it is told so, and
//! nothing changes.

mod requests;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use bytes::Bytes;
use prost::Message;
use prost_reflect::DescriptorPool;
use sandyq_proto::v1;
use sandyq_tests::work::{in_seconds, shell};
use sandyq_tests::{Site, people, raw, reason, repository};
use tonic::transport::Channel;
use tonic::{Code, Status};

use self::requests::{Row, one, rows};
use self::world::World;

/// Columns of the table, and who stands for each.
const ROLES: [(&str, &str); 10] = [
    ("no-certificate", ""),
    ("operator-admin", "admin"),
    ("operator-reviewer", "reviewer"),
    ("agency-owner", "owner"),
    ("other-agency-owner", "other-owner"),
    ("agency-steward", "steward"),
    ("developer-lead", "developer"),
    ("developer", "junior"),
    ("other-developer-lead", "rival"),
    ("auditor", "auditor"),
];

fn path(rpc: &str) -> String {
    format!("/sandyq.v1.{}", rpc.replace('.', "/"))
}

fn channel(site: &Site, person: &str) -> Channel {
    match person {
        "" => people::channel(&site.address, &site.ca_pem, None),
        person => site.user(person).channel(),
    }
}

/// `OK`, or code and reason.
fn cell(outcome: &Result<Bytes, Status>) -> String {
    match outcome {
        Ok(_) => "OK".to_owned(),
        Err(status) => format!("{}/{}", code(status.code()), reason(status)),
    }
}

fn code(code: Code) -> String {
    let mut out = String::new();
    for c in format!("{code:?}").chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_uppercase());
    }
    out
}

/// The name of something of the same kind that does not exist, as long as this one.
fn absent(name: &str) -> String {
    let (collection, id) = name.rsplit_once('/').unwrap();
    format!("{collection}/{}", "q".repeat(id.len()))
}

/// All that a caller learns from a refusal, but for the name that it sent: code, message and the bytes of the details.
fn learned(outcome: Result<Bytes, Status>, name: &str) -> (Code, String, String) {
    let status = outcome.unwrap_err();
    let told = status.message().replace(name, &absent(name));
    let details = String::from_utf8_lossy(status.details()).replace(name, &absent(name));
    (status.code(), told, details)
}

/// Makes the calls of these rows; adds their cells.
async fn measure(site: &Site, rows: &[Row], table: &mut BTreeMap<String, Vec<String>>) {
    let channels: Vec<Channel> = ROLES.iter().map(|(_, who)| channel(site, who)).collect();
    for row in rows {
        let path = path(row.rpc);
        let mut cells = Vec::new();
        for (channel, (role, _)) in channels.iter().zip(ROLES) {
            let outcome = raw::call(channel.clone(), &path, (row.request)(&row.name)).await;
            let cell = cell(&outcome);
            if cell == "NOT_FOUND/RESOURCE_NOT_FOUND" {
                let nothing = absent(&row.name);
                let absent = raw::call(channel.clone(), &path, (row.request)(&nothing)).await;
                assert_eq!(
                    learned(outcome, &row.name),
                    learned(absent, &nothing),
                    "{role} can tell by {} that {} exists",
                    row.rpc,
                    row.name
                );
            }
            cells.push(cell);
        }
        table.insert(row.title(), cells);
    }
}

fn render(table: &BTreeMap<String, Vec<String>>) -> String {
    let widths: Vec<usize> = (0..ROLES.len())
        .map(|column| {
            let cells = table.values().map(|cells| cells[column].len());
            cells.chain([ROLES[column].0.len()]).max().unwrap()
        })
        .collect();
    let first = table.keys().map(String::len).max().unwrap();
    let mut out = String::new();
    let mut line = |title: &str, cells: Vec<&str>| {
        let mut text = format!("{title:first$}");
        for (cell, width) in cells.into_iter().zip(&widths) {
            write!(text, "  {cell:width$}").unwrap();
        }
        out.push_str(text.trim_end());
        out.push('\n');
    };
    line("", ROLES.iter().map(|(role, _)| *role).collect());
    for (title, cells) in table {
        line(title, cells.iter().map(String::as_str).collect());
    }
    out
}

#[tokio::test]
async fn attack_29_every_rpc_answers_every_role_as_the_table_says() {
    let site = Site::start().await;
    let mut world = World::make(&site).await;
    let mut table = BTreeMap::new();
    measure(&site, &requests::unapproved_image(&world), &mut table).await;
    an_image_of_others_reads_as_absent(&site, &world).await;
    world.go_on(&site).await;
    measure(&site, &rows(&world), &mut table).await;
    names_inside_requests_are_not_told_apart(&site, &world).await;
    the_system_services_need_a_certificate(&site).await;
    strangers_are_not_listened_to(&site).await;
    odd_names_are_absent(&site).await;
    for (title, cells) in &table {
        let open = title == "IdentityService.Enroll";
        let refused = cells[0] == "UNAUTHENTICATED/CERTIFICATE_REQUIRED";
        assert!(
            open || refused,
            "{title} without a certificate: {}",
            cells[0]
        );
    }

    let found = render(&table);
    let golden = repository().join("tests/golden/roles.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1") {
        std::fs::write(&golden, &found).unwrap();
    }
    let expected = std::fs::read_to_string(&golden).unwrap_or_default();
    let differing: Vec<String> = found
        .lines()
        .filter(|line| !expected.lines().any(|known| known == *line))
        .map(|line| format!("+ {line}"))
        .chain(
            expected
                .lines()
                .filter(|line| !found.lines().any(|known| known == *line))
                .map(|line| format!("- {line}")),
        )
        .collect();
    assert!(
        differing.is_empty(),
        "the table has changed; when that is right, run again with UPDATE_GOLDEN=1\n{}",
        differing.join("\n")
    );
}

/// Two requests of one user that differ in a name alone must be answered alike.
async fn alike<M: Message>(
    site: &Site,
    who: &str,
    rpc: &str,
    name: &str,
    make: impl Fn(&str) -> M,
) {
    let call = |name: String| {
        let request = one(&make(&name));
        async move {
            learned(
                raw::call(channel(site, who), &path(rpc), request).await,
                &name,
            )
        }
    };
    let (there, gone) = (call(name.to_owned()).await, call(absent(name)).await);
    assert_eq!(there, gone, "{who} can tell by {rpc} that {name} exists");
}

async fn an_image_of_others_reads_as_absent(site: &Site, world: &World) {
    alike(
        site,
        "rival",
        "SandboxService.CreateJob",
        &world.image,
        |image| v1::CreateJobRequest {
            parent: world.rival_sandbox.clone(),
            job: Some(shell(image, "true")),
            ..Default::default()
        },
    )
    .await;
}

async fn names_inside_requests_are_not_told_apart(site: &Site, world: &World) {
    let sandbox = || world.rival_sandbox.clone();
    alike(
        site,
        "rival",
        "AccessService.CreateGrant",
        &world.draft_version,
        |version| {
            let grant = v1::Grant {
                version: version.to_owned(),
                sandbox: sandbox(),
                purpose: "research".to_owned(),
                justification: "curiosity".to_owned(),
                expire_time: in_seconds(60),
                ..Default::default()
            };
            v1::CreateGrantRequest {
                grant: Some(grant),
                ..Default::default()
            }
        },
    )
    .await;
    alike(
        site,
        "rival",
        "AccessService.CheckAccess",
        &world.draft_version,
        |version| v1::CheckAccessRequest {
            sandbox: sandbox(),
            version: version.to_owned(),
            purpose: "research".to_owned(),
        },
    )
    .await;
    alike(
        site,
        "rival",
        "SandboxService.CreateJob",
        &world.draft_version,
        |version| v1::CreateJobRequest {
            parent: sandbox(),
            job: Some(v1::Job {
                versions: vec![version.to_owned()],
                ..shell(&world.image, "true")
            }),
            ..Default::default()
        },
    )
    .await;
    alike(
        site,
        "rival",
        "SandboxService.CreateSandbox",
        &world.system,
        |system| v1::CreateSandboxRequest {
            sandbox_id: "stolen".to_owned(),
            sandbox: Some(v1::Sandbox {
                system: system.to_owned(),
                ..Default::default()
            }),
            ..Default::default()
        },
    )
    .await;
}

/// Health and reflection tell nothing to those whom the platform does not know.
async fn the_system_services_need_a_certificate(site: &Site) {
    // `list_services` of a ServerReflectionRequest.
    let list = Bytes::from_static(&[0x3a, 0x00]);
    for (path, message) in [
        ("/grpc.health.v1.Health/Check", Bytes::new()),
        (
            "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            list.clone(),
        ),
        (
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
            list,
        ),
    ] {
        let refused = raw::call(channel(site, ""), path, vec![message.clone()]).await;
        assert_eq!(
            cell(&refused),
            "UNAUTHENTICATED/CERTIFICATE_REQUIRED",
            "{path}"
        );
        let served = raw::call(channel(site, "developer"), path, vec![message])
            .await
            .unwrap();
        let text = String::from_utf8_lossy(&served).into_owned();
        assert!(
            !path.contains("reflection") || text.contains("sandyq.v1.AirlockService"),
            "{path}"
        );
    }
    for path in [
        "/sandyq.v1.LibraryService/ReadRaw",
        "/sandyq.v1.Nothing/Call",
        "/else/Call",
    ] {
        let refused = raw::call(channel(site, ""), path, vec![Bytes::new()]).await;
        assert_eq!(
            cell(&refused),
            "UNAUTHENTICATED/CERTIFICATE_REQUIRED",
            "{path}"
        );
        let unknown = raw::call(channel(site, "admin"), path, vec![Bytes::new()]).await;
        assert_eq!(cell(&unknown), "UNIMPLEMENTED/METHOD_UNKNOWN", "{path}");
    }
}

/// What strangers send is not looked at: neither its size nor its form tells them anything.
async fn strangers_are_not_listened_to(site: &Site) {
    for message in [vec![0; 9 << 20], b"\xff\xff\xff\xff".to_vec()] {
        let path = path("LibraryService.GetLibrary");
        let refused = raw::call(channel(site, ""), &path, vec![message.into()]).await;
        assert_eq!(cell(&refused), "UNAUTHENTICATED/CERTIFICATE_REQUIRED");
    }
}

/// Names that are none are absent like any other, however they look.
async fn odd_names_are_absent(site: &Site) {
    let long = format!("libraries/{}", "ә".repeat(50_000));
    let odd = [
        "",
        "/",
        "libraries/",
        "libraries/people/",
        "libraries//people",
        "libraries/../people",
        "libraries/people\0",
        "\0",
        "users/admin",
        "' OR 1=1 --",
        "libraries/%",
        &long,
    ];
    for name in odd {
        let name = name.to_owned();
        let request = one(&v1::GetLibraryRequest { name });
        let outcome = raw::call(
            channel(site, "owner"),
            &path("LibraryService.GetLibrary"),
            request,
        )
        .await;
        assert_eq!(cell(&outcome), "NOT_FOUND/RESOURCE_NOT_FOUND");
    }
}

/// `Service.Method` of everything in the descriptor set.
fn described() -> BTreeSet<String> {
    let pool = DescriptorPool::decode(sandyq_proto::DESCRIPTOR_SET).unwrap();
    let methods = pool.services().flat_map(|service| {
        let methods: Vec<String> = service
            .methods()
            .map(|method| format!("{}.{}", service.name(), method.name()))
            .collect();
        methods
    });
    methods.collect()
}

#[test]
fn no_rpc_is_missing_from_the_table() {
    let golden = std::fs::read_to_string(repository().join("tests/golden/roles.txt")).unwrap();
    let listed: BTreeSet<String> = golden
        .lines()
        .skip(1)
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect();
    assert_eq!(listed, described());
}

#[test]
fn policies_know_every_rpc_and_no_other() {
    let mut described = described();
    assert!(described.remove("IdentityService.Enroll"));
    let policies = sandyq_access::Policies::builtin().unwrap();
    let known: BTreeSet<String> = policies.actions().collect();
    assert_eq!(known, described);
}
