//! Where a download goes: a file beside the one that it will be, which has its name only
//! once it is whole.

use bytes::Bytes;
use rill_protocol::FileDigest;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use super::{name, source::of_io};
use crate::{Error, durable_file, limits::FILE_BLOCK_BYTES_MAX};

/// See the module.
#[derive(Debug)]
pub(crate) struct Sink {
    part: PathBuf,
    into: PathBuf,
    file: File,
    /// What is in the file.
    written: u64,
    check: Option<(blake3::Hasher, FileDigest)>,
}

impl Sink {
    /// Opens what an earlier attempt left, or nothing. `mark` tells files apart that go to
    /// the same name. Blocks: what is there is hashed if there is a digest to compare with.
    pub(crate) fn open(into: &Path, mark: &str, digest: Option<FileDigest>) -> Result<Self, Error> {
        if into.file_name().is_none() {
            return Err(Error::File { path: into.display().to_string(), detail: "it names no file".to_owned() });
        }
        let part = durable_file::beside(into, &format!(".{mark}.part"));
        let open = || {
            let mut file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&part)?;
            // Two downloads into one file would write over each other.
            file.try_lock().map_err(|_| io::Error::other("another download writes it"))?;
            let mut check = digest.map(|digest| (blake3::Hasher::new(), digest));
            if let Some((hasher, _)) = &mut check {
                let mut block = vec![0; FILE_BLOCK_BYTES_MAX];
                loop {
                    match file.read(&mut block)? {
                        0 => break,
                        count => hasher.update(&block[..count]),
                    };
                }
            }
            let written = file.seek(SeekFrom::End(0))?;
            Ok(Self { part: part.clone(), into: into.to_owned(), file, written, check })
        };
        open().map_err(|error| of_io(&part, &error))
    }

    /// How many bytes are there.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// Puts bytes behind those that are there. Blocks.
    pub(crate) fn write(&mut self, blocks: &[Bytes]) -> Result<(), Error> {
        for block in blocks {
            self.file.write_all(block).map_err(|error| of_io(&self.part, &error))?;
            self.written += block.len() as u64;
            if let Some((hasher, _)) = &mut self.check {
                hasher.update(block);
            }
        }
        Ok(())
    }

    /// Begins anew: what is there belongs to another file. Blocks.
    pub(crate) fn clear(&mut self) -> Result<(), Error> {
        let clear = |file: &mut File| file.set_len(0).and_then(|()| file.rewind());
        clear(&mut self.file).map_err(|error| of_io(&self.part, &error))?;
        self.written = 0;
        if let Some((hasher, _)) = &mut self.check {
            hasher.reset();
        }
        Ok(())
    }

    /// Everything came: it gets its name, in place of whatever has it, or the next one that is
    /// free. Returns its path. Blocks.
    pub(crate) fn finish(self, keeps_others: bool) -> Result<PathBuf, Error> {
        let Self { part, into, file, check, .. } = self;
        if let Some((hasher, expected)) = check
            && *hasher.finalize().as_bytes() != expected.0
        {
            fs::remove_file(&part).ok();
            return Err(Error::DigestWrong(into.display().to_string()));
        }
        let finish = || {
            file.sync_all()?;
            let path = if keeps_others { claim(&into)? } else { into.clone() };
            fs::rename(&part, &path).inspect_err(|_| {
                if keeps_others {
                    fs::remove_file(&path).ok();
                }
            })?;
            durable_file::sync_folder(&path)?;
            Ok(path)
        };
        finish().map_err(|error: io::Error| of_io(&into, &error))
    }

    /// Nothing will come of it. Blocks.
    pub(crate) fn remove(self) {
        fs::remove_file(&self.part).ok();
    }
}

/// An empty file of a name that was free: two who want the same at once get different ones.
fn claim(into: &Path) -> io::Result<PathBuf> {
    for path in name::numbered(into) {
        match OpenOptions::new().create_new(true).write(true).open(&path) {
            Ok(_) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("every name like it is taken"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(content: &[u8]) -> Option<FileDigest> {
        Some(FileDigest(*blake3::hash(content).as_bytes()))
    }

    #[test]
    fn a_file_has_its_name_once_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let into = folder.path().join("plan.pdf");
        let mut sink = Sink::open(&into, "m", digest(b"abcdef")).unwrap();
        sink.write(&[Bytes::from_static(b"ab"), Bytes::from_static(b"c")]).unwrap();
        assert!(Sink::open(&into, "m", None).unwrap_err().to_string().contains("another download"));
        drop(sink);
        assert!(!into.exists());
        let mut sink = Sink::open(&into, "m", digest(b"abcdef")).unwrap();
        assert_eq!((sink.written(), Sink::open(&into, "other", None).unwrap().written()), (3, 0));
        sink.write(&[Bytes::from_static(b"def")]).unwrap();
        sink.finish(false).unwrap();
        assert_eq!(fs::read(&into).unwrap(), b"abcdef");
    }

    #[test]
    fn of_two_who_come_to_the_same_name_neither_replaces_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let into = folder.path().join("plan.pdf");
        let mut sinks = ["first", "other"].map(|mark| Sink::open(&into, mark, None).unwrap());
        for (sink, content) in sinks.iter_mut().zip(["first", "other"]) {
            sink.write(&[Bytes::from_static(content.as_bytes())]).unwrap();
        }
        let paths = sinks.map(|sink| sink.finish(true).unwrap());
        assert_eq!(paths, [into, folder.path().join("plan (1).pdf")]);
        assert_eq!(paths.map(|path| fs::read(path).unwrap()), [b"first", b"other"]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn wrong_bytes_never_get_the_name() {
        let folder = tempfile::tempdir().unwrap();
        let into = folder.path().join("x");
        let mut sink = Sink::open(&into, "m", digest(b"right")).unwrap();
        sink.write(&[Bytes::from_static(b"wrong")]).unwrap();
        assert!(matches!(sink.finish(false), Err(Error::DigestWrong(_))));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "and nothing is left of them");
        let mut sink = Sink::open(&into, "m", digest(b"right")).unwrap();
        sink.write(&[Bytes::from_static(b"other")]).unwrap();
        sink.clear().unwrap();
        sink.write(&[Bytes::from_static(b"right")]).unwrap();
        sink.finish(false).unwrap();
        assert_eq!(fs::read(&into).unwrap(), b"right");
    }
}
