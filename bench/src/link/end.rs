//! The ends of a link: a namespace with a device in it.

use anyhow::{Context, anyhow, ensure};
use nix::sched::{CloneFlags, unshare};
use std::{
    io,
    net::Ipv4Addr,
    os::unix::process::CommandExt as _,
    process::{Child, Command},
    sync::mpsc::{Sender, channel},
    thread,
};
use tun_rs::{DeviceBuilder, SyncDevice};

/// The addresses (RFC 6890 sets these aside for measuring networks).
pub(super) const SERVER: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 1);
pub(super) const CLIENTS: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 2);
/// What the clients have behind a change of their address.
const CLIENTS_LATER: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 3);
const PREFIX_BITS: u8 = 24;
const DEVICE: &str = "link";
const MTU_BYTES: u16 = 1_500;

/// Puts the calling thread into a new namespace, and makes the device of that end.
pub(super) fn enter(address: Ipv4Addr) -> anyhow::Result<SyncDevice> {
    unshare(CloneFlags::CLONE_NEWNET).context("no network namespace can be made")?;
    let device = DeviceBuilder::new().name(DEVICE).mtu(MTU_BYTES).ipv4(address, PREFIX_BITS, None).build_sync();
    let device = device.context("no TUN device can be made: is there /dev/net/tun?")?;
    use_cubic(address)?;
    // A new namespace has no loopback, and a server listens there too.
    ip(&["link", "set", "lo", "up"])?;
    Ok(device)
}

/// TCP in the namespace has the congestion control that quinn has, whatever the machine's is. It is
/// said of the route: a namespace may not choose from all that there are (tcp(7)).
fn use_cubic(address: Ipv4Addr) -> anyhow::Result<()> {
    let [a, b, c, _] = address.octets();
    let network = format!("{}/{PREFIX_BITS}", Ipv4Addr::new(a, b, c, 0));
    let from = address.to_string();
    ip(&[
        "route", "change", &network, "dev", DEVICE, "proto", "kernel", "scope", "link", "src", &from, "congctl",
        "cubic",
    ])
    .context("TCP on the link cannot be told to use cubic")
}

/// Gives the clients' end another address, once. The calling thread is there.
pub(super) fn change_address() -> anyhow::Result<()> {
    let with_prefix = |address: Ipv4Addr| format!("{address}/{PREFIX_BITS}");
    // With the only address go the route and whatever was said from there.
    ip(&["address", "del", &with_prefix(CLIENTS), "dev", DEVICE])?;
    ip(&["address", "add", &with_prefix(CLIENTS_LATER), "dev", DEVICE])?;
    use_cubic(CLIENTS_LATER)
}

/// Asks `ip` (of iproute2).
fn ip(words: &[&str]) -> anyhow::Result<()> {
    let output = Command::new("ip").args(words).output().context("ip (of iproute2) cannot be started")?;
    ensure!(output.status.success(), "ip {}: {}", words.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}

type Answer = io::Result<Child>;

/// The thread at the server's end, for what it starts is where it is.
pub(super) struct ServerEnd {
    orders: Sender<(Command, Sender<Answer>)>,
}

impl ServerEnd {
    pub(super) fn begin() -> anyhow::Result<(Self, SyncDevice)> {
        let (orders, ordered) = channel::<(Command, Sender<Answer>)>();
        let (say, said) = channel();
        thread::Builder::new().name("server-end".into()).spawn(move || {
            let device = enter(SERVER);
            let is_there = device.is_ok();
            say.send(device).ok();
            while let (true, Ok((mut command, answer))) = (is_there, ordered.recv()) {
                answer.send(dies_with_us(&mut command).spawn()).ok();
            }
        })?;
        let device = said.recv().map_err(|_| anyhow!("the thread at the server's end has ended"))??;
        Ok((Self { orders }, device))
    }

    pub(super) fn spawn(&self, command: Command) -> Answer {
        let (answer, answered) = channel();
        let ended = |_| io::Error::other("the thread at the server's end has ended");
        self.orders.send((command, answer)).map_err(|_| io::Error::other("the server's end is gone"))?;
        answered.recv().map_err(ended)?
    }
}

/// The kernel ends the process with the thread that started it, which lives as long as this
/// process: so nothing is left of a link whose program was killed.
#[allow(unsafe_code)] // what runs between fork and exec has no safe form; this is one system call
fn dies_with_us(command: &mut Command) -> &mut Command {
    let end = || rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
    // SAFETY: prctl(2) is safe to call there, and nothing else is done.
    unsafe { command.pre_exec(move || end().map_err(io::Error::from)) }
}
