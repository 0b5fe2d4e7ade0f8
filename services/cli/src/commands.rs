//! The commands, one file a group.

pub mod access;
pub mod anonymize;
pub mod anonymize_library;
pub mod audit;
pub mod calendar;
pub mod classify;
pub mod completions;
mod confirm;
pub mod context;
pub mod decode;
pub mod depersonalization;
pub mod detect;
pub mod doctor;
pub mod hierarchy;
pub mod identity;
pub mod image;
pub mod incident;
pub mod job;
pub mod library;
pub mod mask;
pub mod measure;
pub mod organization;
pub mod output;
pub mod policies;
pub mod push;
pub mod quality;
pub mod reveal;
pub mod sandbox;
pub mod server;
pub mod subject;
pub mod synth;
pub mod system;
mod tables;
pub mod trial;
pub mod user;

use clap::Subcommand;

use crate::Session;
use crate::errors::Result;

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a platform: authority, keys, configuration, database, and the first operator's invitation.
    Init(server::Init),
    /// Run a platform.
    Serve(server::Serve),
    /// Check whether this machine can run jobs, and say what to mend.
    Doctor(doctor::Doctor),
    /// Exchange an invitation for a certificate; the key is made here and never leaves this machine.
    Enroll(identity::Enroll),
    /// Show who the platform takes you for.
    #[command(after_help = identity::WHOAMI_EXAMPLE)]
    Whoami,
    /// Your certificate.
    #[command(subcommand)]
    Certificate(identity::Certificate),
    /// Identities on this machine.
    #[command(subcommand)]
    Context(context::Command),
    /// Organizations that take part in the platform.
    #[command(subcommand)]
    Org(organization::Command),
    /// People, their roles and invitations.
    #[command(subcommand)]
    User(user::Command),
    /// Data libraries and their versions.
    #[command(subcommand)]
    Library(library::Command),
    /// Generalization hierarchies, made on this machine.
    #[command(subcommand)]
    Hierarchy(hierarchy::Command),
    /// Measure the risk and the losses of a table as it stands, on this machine.
    Measure(measure::Measure),
    /// Depersonalization profiles.
    #[command(subcommand)]
    Profile(depersonalization::Profile),
    /// Depersonalize a file on this machine, without a server.
    Anonymize(anonymize::Anonymize),
    /// Find out what is in the columns of a file on this machine, and draft a profile.
    Classify(classify::Classify),
    /// Find personal data in text on this machine.
    Detect(detect::Detect),
    /// Mask personal data in text on this machine.
    Mask(mask::Mask),
    /// Turn encrypted values of a release back, on this machine, and keep a record of it.
    Reveal(reveal::Reveal),
    /// Depersonalize the data sets of a library together on this machine, counting people.
    AnonymizeLibrary(anonymize_library::AnonymizeLibrary),
    /// Measure the quality of tables on this machine.
    Quality(quality::Quality),
    /// Depersonalize a version under a profile.
    Depersonalize(depersonalization::Depersonalize),
    /// Depersonalization runs and their reports.
    #[command(subcommand)]
    Run(depersonalization::Runs),
    /// Approve a run's profile and report, and make its release available to grants.
    Publish(depersonalization::Publish),
    /// Permissions to use a library version.
    #[command(subcommand)]
    Grant(access::Grant),
    /// Questions to the access policies.
    #[command(subcommand)]
    Access(access::Access),
    /// The operator's own prohibitions, beside the policies of the law.
    #[command(subcommand)]
    Policies(policies::Command),
    /// The registry of AI systems.
    #[command(subcommand)]
    System(system::Command),
    /// Sandboxes, the controlled environments.
    #[command(subcommand)]
    Sandbox(sandbox::Command),
    /// Container images.
    #[command(subcommand)]
    Image(image::Command),
    /// Jobs in a sandbox.
    #[command(subcommand)]
    Job(job::Command),
    /// Trial operation: trained systems that answer requests.
    #[command(subcommand)]
    Trial(trial::Command),
    /// What jobs made, on its way out.
    #[command(subcommand)]
    Output(output::Command),
    /// Requests of the people whom libraries hold: withdrawals of consent, objections, questions.
    #[command(subcommand)]
    Subject(subject::Command),
    /// Incidents: what happened, whom it touches, who is to be told.
    #[command(subcommand)]
    Incident(incident::Command),
    /// The append-only log.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Working days: the calendar by which legal terms are counted, on this machine.
    #[command(subcommand)]
    Calendar(calendar::Command),
    /// Decode a Parquet file from standard input and forget it; the server tries strange files so, apart from itself.
    #[command(hide = true)]
    DecodeParquet(decode::DecodeParquet),
    /// Make an invented library to practise on, with what is true of it.
    Synth(synth::Synth),
    /// Print completions for a shell.
    Completions(completions::Completions),
}

/// Does it.
pub async fn run(command: Command, session: &Session) -> Result<()> {
    match command {
        Command::Init(command) => server::init(command, session).await,
        Command::Serve(command) => server::serve(command).await,
        Command::Doctor(command) => doctor::run(command, session).await,
        Command::Enroll(command) => identity::enroll(command, session).await,
        Command::Whoami => identity::whoami(session).await,
        Command::Certificate(command) => identity::certificate(command, session).await,
        Command::Context(command) => context::run(&command, session),
        Command::Org(command) => organization::run(command, session).await,
        Command::User(command) => user::run(command, session).await,
        Command::Library(command) => library::run(command, session).await,
        Command::Hierarchy(command) => hierarchy::run(command),
        Command::Measure(command) => measure::run(&command, session),
        Command::Profile(command) => depersonalization::profile(command, session).await,
        Command::Anonymize(command) => anonymize::run(&command, session.printer.format()),
        Command::Classify(command) => classify::run(&command, session.printer.format()),
        Command::Detect(command) => detect::run(&command, session.printer.format()),
        Command::Mask(command) => mask::run(&command, session.printer.format()),
        Command::Reveal(command) => reveal::run(&command, session.printer.format()),
        Command::AnonymizeLibrary(command) => anonymize_library::run(&command, session),
        Command::Quality(command) => quality::run(&command, session),
        Command::Depersonalize(command) => depersonalization::depersonalize(command, session).await,
        Command::Run(command) => depersonalization::runs(command, session).await,
        Command::Publish(command) => depersonalization::publish(command, session).await,
        Command::Grant(command) => access::grant(command, session).await,
        Command::Access(command) => access::access(command, session).await,
        Command::Policies(command) => policies::run(command, session).await,
        Command::System(command) => system::run(command, session).await,
        Command::Sandbox(command) => sandbox::run(command, session).await,
        Command::Image(command) => image::run(command, session).await,
        Command::Job(command) => job::run(command, session).await,
        Command::Trial(command) => trial::run(command, session).await,
        Command::Output(command) => output::run(command, session).await,
        Command::Subject(command) => subject::run(command, session).await,
        Command::Incident(command) => incident::run(command, session).await,
        Command::Audit(command) => audit::run(command, session).await,
        Command::Calendar(command) => calendar::run(&command, session),
        Command::DecodeParquet(command) => decode::run(&command),
        Command::Synth(command) => synth::run(&command, session),
        Command::Completions(command) => completions::run(&command),
    }
}
