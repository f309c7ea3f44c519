//! ext4 on a loop device, by the system's own tools, taken down when it is dropped.

use anyhow::{Context, bail};
use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

/// Runs a tool; what it said.
pub(crate) fn run(program: &str, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(program).args(arguments).output().with_context(|| format!("{program} does not start"))?;
    if !output.status.success() {
        bail!("{program} {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A mounted ext4.
pub(crate) struct Mounted {
    device: String,
    pub(crate) place: PathBuf,
}

impl Mounted {
    /// Mounts the ext4 in a file at `place`.
    pub(crate) fn new(file: &Path, place: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(place)?;
        let device = run("losetup", &["--find", "--show", &file.display().to_string()])?;
        let mounted = Self { device, place: place.to_owned() };
        run("mount", &["-t", "ext4", "-o", "noatime", &mounted.device, &place.display().to_string()])?;
        Ok(mounted)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = run("umount", &[&self.place.display().to_string()]);
        if let Err(error) = run("losetup", &["--detach", &self.device]) {
            eprintln!("{error:#}");
        }
    }
}

/// A fresh ext4 of that size, as bytes.
pub(crate) fn fresh_ext4(bytes: u64, scratch: &Path) -> anyhow::Result<Vec<u8>> {
    let path = scratch.join("fresh.ext4");
    File::create(&path)?.set_len(bytes)?;
    run("mkfs.ext4", &["-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", &path.display().to_string()])?;
    let image = fs::read(&path)?;
    fs::remove_file(path)?;
    Ok(image)
}

/// Writes an image with holes where it is empty.
pub(crate) fn write_image(path: &Path, image: &[u8]) -> anyhow::Result<()> {
    use std::io::{Seek as _, SeekFrom};
    const BLOCK: usize = 64 * 1024;
    let mut file = File::create(path)?;
    file.set_len(image.len() as u64)?;
    for (number, block) in image.chunks(BLOCK).enumerate() {
        if block.iter().any(|byte| *byte != 0) {
            file.seek(SeekFrom::Start((number * BLOCK) as u64))?;
            file.write_all(block)?;
        }
    }
    Ok(())
}
