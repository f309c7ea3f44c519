//! A command that is stopped at a chosen system call of its main thread and killed there,
//! before the call is made (ptrace(2)). So it can be killed between any two changes of a
//! directory, every time at the same place.

use nix::{
    libc,
    sys::{
        ptrace::{self, Options},
        signal::Signal,
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};
use std::{
    path::Path,
    process::{Command, Stdio},
};

/// A system call, by its number.
type Call = libc::c_long;

/// How a traced command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Killed,
    /// It made fewer calls than that, and succeeded.
    CameThrough,
}

/// What changes names: folders and files made, moved, removed.
pub(crate) const NAMES: &[Call] = &[
    libc::SYS_rename,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_unlink,
    libc::SYS_unlinkat,
    libc::SYS_rmdir,
    libc::SYS_mkdir,
    libc::SYS_mkdirat,
];
/// What changes rows, or syncs them.
pub(crate) const WRITES: &[Call] =
    &[libc::SYS_write, libc::SYS_pwrite64, libc::SYS_fsync, libc::SYS_fdatasync, libc::SYS_ftruncate, libc::SYS_rename];

/// What the kernel leaves in `rax` while a call is being entered.
const ENTERED: u64 = -(libc::ENOSYS as i64) as u64;

/// Runs `rill store` and kills it before the `nth` call of those kinds, counted from one.
#[allow(clippy::zombie_processes)] // it is waited for by its id, as one that is traced has to be
pub(crate) fn killed_before(calls: &[i64], nth: usize, data: &Path, args: &[&str]) -> Ending {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rill"));
    command.current_dir(data.parent().unwrap()).arg("store").args(args).arg("--data").arg(data);
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let pid = Pid::from_raw(child.id() as i32);
    // If this process ends, so does that one.
    ptrace::seize(pid, Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_EXITKILL).unwrap();
    ptrace::interrupt(pid).unwrap();
    let mut made = 0;
    loop {
        match waitpid(pid, Some(WaitPidFlag::__WALL)).unwrap() {
            WaitStatus::PtraceSyscall(_) => {
                let registers = ptrace::getregs(pid).unwrap();
                if registers.rax == ENTERED && calls.contains(&(registers.orig_rax as Call)) {
                    made += 1;
                    if made == nth {
                        nix::sys::signal::kill(pid, Signal::SIGKILL).unwrap();
                    }
                }
                // Whoever is killed is not there to be let go on.
                let _ = ptrace::syscall(pid, None);
            }
            WaitStatus::PtraceEvent(..) => ptrace::syscall(pid, None).unwrap(),
            WaitStatus::Stopped(_, signal) => ptrace::syscall(pid, signal).unwrap(),
            WaitStatus::Signaled(_, Signal::SIGKILL, _) => return Ending::Killed,
            WaitStatus::Exited(_, 0) => return Ending::CameThrough,
            other => panic!("{args:?}: {other:?}"),
        }
    }
}
