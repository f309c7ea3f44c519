//! rill-bench: load scenarios against a Rill server, one JSON report each.
//!
//! The load is open loop: messages are due at fixed moments, whatever the server does,
//! and a latency runs from the moment a message was due to the moment the receiving
//! application reads it. Accounts and rooms are made before anything is measured.
#![allow(clippy::disallowed_methods)] // a program of its own: it owns its tasks and its clock

mod agents;
mod args;
mod ceiling;
mod chaos;
mod cluster;
mod compare;
mod connect;
mod course;
mod crowd;
mod deaf;
mod dice;
mod enterprise;
mod fanout;
mod growth;
mod heap;
mod histogram_text;
mod hostile;
mod hostile_report;
mod idle_report;
mod light;
mod link;
mod load;
mod login;
mod mint;
mod mixed;
mod presence;
mod processes;
mod publish;
mod pulse;
mod ramp;
mod rebind;
mod report;
mod round;
mod scenario;
mod schedule;
mod slow_report;
mod soak;
mod talk;
mod tally;
mod target;
mod timing;
mod traffic;
mod verdict;

use clap::{CommandFactory, FromArgMatches};
use std::process::ExitCode;

use publish::{Finished, Judgement, Press};

/// A threshold names what no report has: told apart from a run that failed. What the command
/// line alone shows to be wrong ends with 2, as clap has it.
const NOT_JUDGED: u8 = 3;

fn main() -> ExitCode {
    heap::map_large_buffers();
    let matches = args::Cli::command().get_matches();
    let args::Cli { command } = args::Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    run(&command, &matches).unwrap_or_else(|error| {
        eprintln!("rill-bench: {error:#}");
        ExitCode::FAILURE
    })
}

fn run(command: &args::Command, matches: &clap::ArgMatches) -> anyhow::Result<ExitCode> {
    match command {
        args::Command::Compare(args) => return Ok(exit(&compare::run(args)?)),
        args::Command::Agent(args) => return agents::run(args).map(|()| ExitCode::SUCCESS),
        args::Command::Ceiling(args) => return ceiling::run(args).map(|_| ExitCode::SUCCESS),
        args::Command::Broadcast(args) => return ceiling::broadcast::run(args).map(|()| ExitCode::SUCCESS),
        _ => {}
    }
    let (Some((scenario, options)), Some(output)) = (matches.subcommand(), command.output()) else {
        anyhow::bail!("this scenario has no report");
    };
    let press = Press::begin(scenario, options, output.clone()).unwrap_or_else(|error| {
        args::Cli::command().error(clap::error::ErrorKind::InvalidValue, format!("--fail-if: {error}")).exit()
    });
    let finished = measure(command)?;
    let (passed, failure) = (finished.passed, finished.failure);
    let judgement = press.publish(finished)?;
    if !passed {
        eprintln!("rill-bench: {failure}");
        return Ok(ExitCode::FAILURE);
    }
    Ok(exit(&judgement))
}

fn measure(command: &args::Command) -> anyhow::Result<Finished> {
    match command {
        args::Command::Chat(args) => scenario::chat::run(args),
        args::Command::Ramp(args) => scenario::ramp::run(args),
        args::Command::Growth(args) => scenario::growth::run(args),
        args::Command::Hostile(args) => scenario::hostile::run(args),
        args::Command::Store(args) => scenario::store::run(args),
        args::Command::Append(args) => scenario::append::run(args),
        args::Command::Chaos(args) => scenario::chaos::run(args),
        args::Command::Cluster(args) => scenario::cluster::run(args),
        args::Command::Files(args) => scenario::files::run(args),
        args::Command::Beside(args) => scenario::beside::run(args),
        args::Command::Slow(args) => scenario::slow::run(args),
        args::Command::Soak(args) => scenario::soak::run(args),
        args::Command::Mixed(args) => scenario::mixed::run(args),
        args::Command::Impaired(args) => scenario::impaired::run(args),
        args::Command::Fallback(args) => scenario::fallback::run(args),
        args::Command::AcceptTeam(args) => scenario::accept_team::run(args),
        args::Command::AcceptEnterprise(args) => scenario::accept_enterprise::run(args),
        args::Command::Idle(args) => scenario::idle::run(args),
        args::Command::Connect(args) => scenario::connect::run(args),
        args::Command::Start(args) => scenario::start::run(args),
        args::Command::Open(args) => scenario::open::run(args),
        args::Command::Presence(args) => scenario::presence::run(args),
        args::Command::Login(args) => scenario::login::run(args),
        args::Command::Fanout(args) => scenario::fanout::run(args),
        args::Command::Broadcast(_)
        | args::Command::Ceiling(_)
        | args::Command::Agent(_)
        | args::Command::Compare(_) => {
            anyhow::bail!("this is no scenario")
        }
    }
}

fn exit(judgement: &Judgement) -> ExitCode {
    if judgement.failed() {
        eprintln!("rill-bench: a threshold was crossed; the lines above say which");
        ExitCode::FAILURE
    } else if judgement.is_incomplete() {
        ExitCode::from(NOT_JUDGED)
    } else {
        ExitCode::SUCCESS
    }
}
