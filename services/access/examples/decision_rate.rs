//! Prints how many decisions one core makes a second, with the shipped policies.

use std::cell::Cell;
use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use sandyq_access::{
    Decision, OrganizationKind, Policies, Principal, Question, Resource, ResourceKind, Role,
    UseGrant, UseQuestion, UseRule, UseSandbox, UseSystem, UseVersion,
};

/// The one of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 20_000;

fn main() -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let policies = Policies::builtin()?;
    println!(
        "load and validate: {:.1} ms",
        started.elapsed().as_secs_f64() * 1e3
    );
    let (call, denied, use_question) = (
        call("organizations/lab"),
        call("organizations/other"),
        use_question(),
    );
    measure("call, permitted", true, || policies.decide(&call))?;
    measure("call, denied", false, || policies.decide(&denied))?;
    measure("use of a version, permitted", true, || {
        policies.decide_use(&use_question)
    })?;
    for (grants, libraries) in [(100, 10), (100_000, 1_000)] {
        let questions = questions(grants, libraries);
        let next = Cell::new(0);
        measure(
            &format!("use by {grants} grants of {libraries} libraries"),
            true,
            || {
                // A stride that visits every grant before it comes back.
                let at = (next.get() + 7_919) % questions.len();
                next.set(at);
                questions.get(at).map_or_else(
                    || policies.decide_use(&use_question),
                    |q| policies.decide_use(q),
                )
            },
        )?;
    }
    Ok(())
}

/// The question that each of so many grants is put forward for.
fn questions(grants: usize, libraries: usize) -> Vec<UseQuestion> {
    let question = |number: usize| {
        let mut question = use_question();
        question.sandbox.name = format!("sandboxes/{}", number / 10);
        question.version.name = format!("libraries/{}/versions/v1", number % libraries);
        question.grant = question.grant.map(|grant| UseGrant {
            name: format!("grants/{number}"),
            sandbox: question.sandbox.name.clone(),
            version: question.version.name.clone(),
            ..grant
        });
        question
    };
    (0..grants).map(question).collect()
}

fn measure(name: &str, allowed: bool, decide: impl Fn() -> Decision) -> Result<(), Box<dyn Error>> {
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let decision = black_box(decide());
        times.push(started.elapsed());
        if decision.allowed != allowed {
            return Err(format!("{name}: {:?}", decision.reasons).into());
        }
    }
    times.sort_unstable();
    let total: Duration = times.iter().sum();
    let at = |share: usize| {
        times
            .get(ROUNDS * share / 100)
            .copied()
            .unwrap_or_default()
            .as_secs_f64()
            * 1e6
    };
    let rate = ROUNDS as f64 / total.as_secs_f64();
    println!(
        "{name}: {rate:.0} decisions/s, p50 {:.1} us, p99 {:.1} us",
        at(50),
        at(99)
    );
    Ok(())
}

fn call(owner: &str) -> Question<'static> {
    let principal = Principal {
        user: "users/dina".to_owned(),
        organization: "organizations/lab".to_owned(),
        kind: OrganizationKind::Developer,
        roles: vec![Role::Developer],
    };
    let resource = Resource {
        organization: Some(owner.to_owned()),
        viewers: vec!["organizations/stat".to_owned()],
        state: Some("ACTIVE".to_owned()),
        user: Some("users/dina".to_owned()),
        ..Resource::new(ResourceKind::Sandbox, "sandboxes/trial")
    };
    Question {
        principal,
        action: "SandboxService.CreateJob",
        resource,
    }
}

fn use_question() -> UseQuestion {
    let (sandbox, version) = (
        "sandboxes/trial".to_owned(),
        "libraries/adult/versions/1".to_owned(),
    );
    UseQuestion {
        now: 1_000,
        sandbox: UseSandbox {
            name: sandbox.clone(),
            organization: "organizations/lab".to_owned(),
            state: "ACTIVE".to_owned(),
            stage: "TRAINING".to_owned(),
            expire_time: 2_000,
        },
        version: UseVersion {
            name: version.clone(),
            state: "PUBLISHED".to_owned(),
            organization: "organizations/stat".to_owned(),
            measured_k: 5,
        },
        requester: "users/dina".to_owned(),
        training: true,
        system: UseSystem {
            state: "REGISTERED".to_owned(),
            risk: 1,
        },
        rule: UseRule::default(),
        purpose: "research.health.screening".to_owned(),
        grant: Some(UseGrant {
            name: "grants/1".to_owned(),
            state: "ACTIVE".to_owned(),
            sandbox,
            version,
            purpose: "research.health".to_owned(),
            expire_time: 2_000,
        }),
        library_purposes: vec!["research".to_owned()],
    }
}
