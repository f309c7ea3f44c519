//! The commit that is checked out where this program lies, read from the files that git keeps
//! (gitrepository-layout(5)): a tarball has none, and needs no git.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// Nothing outside a checkout.
pub(super) fn checked_out() -> Option<String> {
    of_program(&env::current_exe().ok()?)
}

fn of_program(program: &Path) -> Option<String> {
    let repository = program.ancestors().skip(1).map(|folder| folder.join(".git")).find(|git| git.exists())?;
    let git = directory(repository)?;
    let head = fs::read_to_string(git.join("HEAD")).ok()?;
    let Some(name) = head.trim().strip_prefix("ref: ") else { return hash(&head) };
    // A worktree has a HEAD of its own, and shares the rest.
    let common = fs::read_to_string(git.join("commondir")).map_or(git.clone(), |path| git.join(path.trim()));
    let loose = [&git, &common].into_iter().find_map(|folder| hash(&fs::read_to_string(folder.join(name)).ok()?));
    loose.or_else(|| {
        let packed = fs::read_to_string(common.join("packed-refs")).ok()?;
        packed.lines().find_map(|line| hash(line.strip_suffix(name)?))
    })
}

/// `.git` itself, or the directory that a worktree's file of this name points to.
fn directory(git: PathBuf) -> Option<PathBuf> {
    if git.is_dir() {
        return Some(git);
    }
    let text = fs::read_to_string(&git).ok()?;
    Some(git.parent()?.join(text.strip_prefix("gitdir: ")?.trim()))
}

fn hash(text: &str) -> Option<String> {
    let text = text.trim();
    (text.len() >= 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOSE: &str = "1111111111111111111111111111111111111111";
    const PACKED: &str = "2222222222222222222222222222222222222222";

    /// Of a checkout whose `.git` has these files.
    fn check(files: &[(&str, &str)], expected: Option<&str>) {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        assert_eq!(of_program(&folder.path().join("work/target/release/rill-bench")).as_deref(), expected, "{files:?}");
    }

    #[test]
    fn the_commit_is_found_wherever_git_keeps_it() {
        let head = ("work/.git/HEAD", "ref: refs/heads/main\n");
        check(&[("work/.git/HEAD", &format!("{LOOSE}\n"))], Some(LOOSE));
        check(&[head, ("work/.git/refs/heads/main", LOOSE)], Some(LOOSE));
        let packed = format!("# pack-refs\n{LOOSE} refs/heads/other/main\n{PACKED} refs/heads/main\n");
        check(&[head, ("work/.git/packed-refs", &packed)], Some(PACKED));
        check(
            &[
                ("work/.git", "gitdir: ../all/worktrees/one\n"),
                ("all/worktrees/one/HEAD", "ref: refs/heads/main\n"),
                ("all/worktrees/one/commondir", "../..\n"),
                ("all/refs/heads/main", LOOSE),
            ],
            Some(LOOSE),
        );
    }

    #[test]
    fn where_there_is_none_none_is_named() {
        check(&[("work/README.md", "a tarball")], None);
        check(&[("work/.git/HEAD", "ref: refs/heads/unborn\n")], None);
    }
}
