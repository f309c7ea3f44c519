//! The command line of `rill admin`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

use crate::config::{Config, ConfigError, ServeArgs};

/// What `rill admin` takes.
#[derive(Debug, Clone, Args)]
pub struct AdminArgs {
    #[command(flatten)]
    pub(super) place: Place,
    /// Prints what a program can read.
    #[arg(long, global = true)]
    pub(super) json: bool,
    #[command(subcommand)]
    pub(super) command: AdminCommand,
}

/// Whose accounts: the server's, by the configuration it runs with.
#[derive(Debug, Clone, Args)]
pub(crate) struct Place {
    /// Configuration file of the server [env: RILL_CONFIG]; else rill.toml in the working directory, if it is there.
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Data directory of the server [env: RILL_DATA] [default: data].
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<String>,
}

impl Place {
    pub(crate) fn load(self) -> Result<Config, ConfigError> {
        ServeArgs { config: self.config, data: self.data, ..ServeArgs::default() }.check()
    }
}

#[derive(Debug, Clone, Subcommand)]
pub(super) enum AdminCommand {
    /// Makes an account, of an administrator unless --member says otherwise. Its password is made and printed once.
    Create {
        name: String,
        /// The account is an ordinary one.
        #[arg(long)]
        member: bool,
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// Lists all accounts.
    List,
    /// Locks an account: its logins end, its connections close.
    Disable { name: String },
    /// Unlocks an account.
    Enable { name: String },
    /// Gives an account a new password, which is made and printed once. Its logins end.
    ResetPassword { name: String },
    /// Lists the logins of an account, or ends them.
    Sessions {
        name: String,
        /// Ends this login.
        #[arg(long, value_name = "ID", conflicts_with = "end_all")]
        end: Option<String>,
        /// Ends all logins.
        #[arg(long)]
        end_all: bool,
    },
    /// Makes an account an administrator's, or an ordinary one.
    Administrator {
        name: String,
        #[command(flatten)]
        switch: Switch,
    },
    /// Makes an invitation, with which others register.
    Invite {
        /// How many may register with it.
        #[arg(long, default_value_t = 1)]
        uses: u32,
        /// Days that it is good for.
        #[arg(long, default_value_t = 7)]
        days: u32,
    },
    /// Lists the reports that nobody has closed, or closes one.
    Reports {
        /// Closes this one.
        #[arg(long, value_name = "NUMBER")]
        close: Option<u64>,
        /// What was done: nothing, message_removed, account_disabled or other.
        #[arg(long, default_value = "other", requires = "close")]
        outcome: String,
        /// What is to be remembered of it.
        #[arg(long, default_value = "", requires = "close")]
        note: String,
        /// Lists those that are closed, the newest first.
        #[arg(long, conflicts_with = "close")]
        closed: bool,
    },
    /// Lists what administrators did, the newest first.
    Audit {
        /// Entries before this one.
        #[arg(long, value_name = "SEQ")]
        before: Option<u64>,
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Removes a message of any room for good.
    RemoveMessage { room: String, number: u64 },
    /// Deletes a room for good, with all that was ever said in it.
    DeleteRoom {
        /// Its id.
        room: String,
    },
    /// Lists the invitations that can still be used, or takes one back.
    Invitations {
        /// Takes this one back.
        #[arg(long, value_name = "ID")]
        revoke: Option<String>,
    },
}

/// Passwords are never on the command line, where others of the machine see them.
#[derive(Debug, Clone, Args)]
#[group(multiple = false)]
pub(super) struct PasswordArgs {
    /// Asks for the password instead of making one.
    #[arg(long)]
    pub(super) ask_password: bool,
    /// Reads the password from the first line of standard input.
    #[arg(long)]
    pub(super) password_stdin: bool,
}

#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Switch {
    #[arg(long)]
    pub(super) on: bool,
    #[arg(long)]
    off: bool,
}
