//! The binary `rill`: parse, log, load, run.

use clap::Parser;
use rill_server::{
    admin::{self, AdminArgs, AdminError},
    app::{self, App},
    config::{Cli, Command, Config, ConfigArgs, ServeArgs},
    logging, raise_open_files_max, signals,
    store_admin::{self, StoreAdminError, StoreArgs},
};
use std::process::ExitCode;

/// A configuration that cannot be run, as clap's own for a flag that is not known.
const BAD_CONFIGURATION: u8 = 2;

/// Open files that are no connections: ports, the store, logs.
const FILES_BESIDE_CONNECTIONS: u64 = 128;

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Serve(args) => serve(args),
        Command::Config(args) => show(args),
        Command::Admin(args) => administer(args),
        Command::Store(args) => maintain(args),
    }
}

/// Says why it ends.
fn ended(code: impl Into<ExitCode>, error: impl std::fmt::Display) -> ExitCode {
    eprintln!("rill: {error:#}");
    code.into()
}

fn show(ConfigArgs { serve, check, look }: ConfigArgs) -> ExitCode {
    let loaded = match serve.load() {
        Ok(loaded) => loaded,
        Err(error) => return ended(BAD_CONFIGURATION, error),
    };
    for warning in &loaded.warnings {
        eprintln!("rill: {warning}");
    }
    if !check {
        print!("{}", loaded.show());
    }
    if look {
        match acknowledged(&loaded.config) {
            Ok(text) => println!("# {text}"),
            Err(error) => return ended(ExitCode::FAILURE, error),
        }
    }
    ExitCode::SUCCESS
}

fn acknowledged(config: &Config) -> anyhow::Result<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(app::acknowledged(config))?)
}

fn administer(args: AdminArgs) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return ended(ExitCode::FAILURE, error),
    };
    match runtime.block_on(admin::run(args)) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(AdminError::Config(error)) => ended(BAD_CONFIGURATION, error),
        Err(error) => ended(ExitCode::FAILURE, error),
    }
}

fn maintain(args: StoreArgs) -> ExitCode {
    match store_admin::run(args) {
        Ok(told) => {
            print!("{}", told.text);
            if told.is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(StoreAdminError::Config(error)) => ended(BAD_CONFIGURATION, error),
        Err(error) => ended(ExitCode::FAILURE, error),
    }
}

fn serve(args: ServeArgs) -> ExitCode {
    let loaded = match args.load() {
        Ok(loaded) => loaded,
        Err(error) => return ended(BAD_CONFIGURATION, error),
    };
    logging::start(&loaded.config.log);
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let (files, connections) = (raise_open_files_max(), loaded.config.limits.connections);
    if let Some(files) = files.filter(|files| *files < u64::from(connections) + FILES_BESIDE_CONNECTIONS) {
        tracing::warn!(
            files,
            connections,
            "this process may open fewer files than limits.connections asks for: raise `ulimit -n` (LimitNOFILE)"
        );
    }
    let run = || -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(async {
            let app = App::load(loaded.config).await?;
            app.run(signals::asked_to_stop()).await?;
            Ok(())
        })
    };
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => ended(ExitCode::FAILURE, error),
    }
}
