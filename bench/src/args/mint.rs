//! Test users of a server that runs already.

use clap::Args;

/// Who makes them.
#[derive(Args, Default)]
pub(crate) struct MintArgs {
    /// The token of an administrator of the --target, who makes the users of the run; behind it
    /// their accounts are disabled. Where others see the flags of a process, in the variable.
    #[arg(long, env = "RILL_ADMIN_TOKEN", hide_env_values = true, conflicts_with = "accounts")]
    pub(crate) admin_token: Option<String>,
}

impl std::fmt::Debug for MintArgs {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "MintArgs({})", if self.admin_token.is_some() { "secret" } else { "none" })
    }
}
