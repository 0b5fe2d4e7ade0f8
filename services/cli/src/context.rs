//! Who the caller is: a folder with the server's address, its authority, and the caller's certificate and key.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::errors::{Exit, Failure, Result};

/// The name of a context when none is given.
const DEFAULT: &str = "default";

/// The folder of all contexts.
#[derive(Clone, Debug)]
pub struct Home {
    dir: PathBuf,
}

/// One identity: its folder.
#[derive(Clone, Debug)]
pub struct Context {
    /// Its name.
    pub name: String,
    dir: PathBuf,
}

/// What a context's `context.toml` says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `https://host:port`.
    pub server: String,
    /// `users/{user}`.
    pub user: String,
}

impl Home {
    /// The folder given, or `$XDG_CONFIG_HOME/sandyq`, or `~/.config/sandyq`.
    pub fn new(dir: Option<PathBuf>) -> Result<Self> {
        let variable = |name| {
            std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let dir = dir
            .or_else(|| variable("XDG_CONFIG_HOME").map(|config| config.join("sandyq")))
            .or_else(|| variable("HOME").map(|home| home.join(".config").join("sandyq")))
            .ok_or_else(|| Failure::usage("there is no home folder; say where contexts are kept with --home or SANDYQ_HOME"))?;
        Ok(Self { dir })
    }

    /// The context of this name, which need not exist; the chosen one without a name.
    pub fn context(&self, name: Option<&str>) -> Result<Context> {
        let name = match name {
            Some(name) => name.to_owned(),
            None => self.chosen(),
        };
        check_name(&name)?;
        Ok(Context {
            dir: self.dir.join(&name),
            name,
        })
    }

    /// The name of the chosen context.
    pub fn chosen(&self) -> String {
        let chosen = fs::read_to_string(self.dir.join("current")).unwrap_or_default();
        match chosen.trim() {
            "" => DEFAULT.to_owned(),
            name => name.to_owned(),
        }
    }

    /// Makes this context the one that is used without a name.
    pub fn choose(&self, context: &Context) -> Result<()> {
        if !context.is_enrolled() {
            return Err(context.missing());
        }
        make_dir(&self.dir)?;
        write(
            &self.dir.join("current"),
            format!("{}\n", context.name).as_bytes(),
        )
    }

    /// All contexts, by name.
    pub fn list(&self) -> Result<Vec<Context>> {
        let entries = match fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Failure::file("read", &self.dir, &error)),
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut contexts: Vec<_> = names
            .filter_map(|name| self.context(Some(&name)).ok())
            .filter(Context::is_enrolled)
            .collect();
        contexts.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(contexts)
    }
}

impl Context {
    /// Whether there is a certificate.
    pub fn is_enrolled(&self) -> bool {
        self.path("cert.pem").is_file() && self.path("context.toml").is_file()
    }

    /// Makes the folder, closed to others.
    pub fn create(&self) -> Result<()> {
        make_dir(&self.dir)
    }

    /// A file of the context; an error tells how to enrol when there is none.
    pub fn read(&self, file: &str) -> Result<String> {
        self.read_if_any(file)?.ok_or_else(|| self.missing())
    }

    /// A file of the context, if it is there.
    pub fn read_if_any(&self, file: &str) -> Result<Option<String>> {
        let path = self.path(file);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::file("read", &path, &error)),
        }
    }

    /// Replaces a file of the context, whole or not at all, readable by its owner only.
    pub fn write(&self, file: &str, content: &str) -> Result<()> {
        write(&self.path(file), content.as_bytes())
    }

    /// What the context's settings say.
    pub fn settings(&self) -> Result<Settings> {
        let text = self.read("context.toml")?;
        toml::from_str(&text).map_err(|error| {
            Failure::general(format!(
                "{} cannot be understood: {error}",
                self.path("context.toml").display()
            ))
        })
    }

    /// Writes the settings.
    pub fn write_settings(&self, settings: &Settings) -> Result<()> {
        let text = toml::to_string(settings)
            .map_err(|error| Failure::general(format!("cannot write the context: {error}")))?;
        self.write("context.toml", &text)
    }

    /// Where a file of the context is.
    pub fn path(&self, file: &str) -> PathBuf {
        self.dir.join(file)
    }

    fn missing(&self) -> Failure {
        let text = format!(
            "there is no identity in context `{}` ({})\n  enrol with: sandyq enroll INVITATION --context {}",
            self.name,
            self.dir.display(),
            self.name
        );
        Failure::new(Exit::NotFound, text)
    }
}

fn check_name(name: &str) -> Result<()> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty()
        || name.len() > 63
        || name.starts_with('.')
        || name == "current"
        || !name.chars().all(fits)
    {
        let rule = "1-63 letters, digits, dots, dashes and underscores, not beginning with a dot, and not `current`";
        return Err(Failure::usage(format!(
            "`{name}` cannot be the name of a context: {rule}"
        )));
    }
    Ok(())
}

fn make_dir(dir: &Path) -> Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|error| Failure::file("make", dir, &error))
}

/// Writes beside the file and renames, so that an interruption leaves the old content; for its owner only.
pub fn write(path: &Path, content: &[u8]) -> Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", uuid::Uuid::new_v4().simple()));
    let beside = PathBuf::from(beside);
    let written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)
        .and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&beside, path));
    written.map_err(|error| {
        let _ = fs::remove_file(&beside);
        Failure::file("write", path, &error)
    })
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests fail by panicking"
    )]

    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_context_is_kept_closed_and_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::new(Some(dir.path().join("sandyq"))).unwrap();
        assert!(home.list().unwrap().is_empty());
        let context = home.context(Some("agency")).unwrap();
        assert_eq!(context.settings().unwrap_err().exit, Exit::NotFound);
        context.create().unwrap();
        context.write("key.pem", "secret").unwrap();
        context.write("cert.pem", "certificate").unwrap();
        let settings = Settings {
            server: "https://localhost:1".into(),
            user: "users/u".into(),
        };
        context.write_settings(&settings).unwrap();
        assert_eq!(
            fs::metadata(context.path("key.pem"))
                .unwrap()
                .permissions()
                .mode()
                & 0o777,
            0o600
        );
        assert_eq!(
            fs::metadata(&context.dir).unwrap().permissions().mode() & 0o777,
            0o700
        );
        assert_eq!(home.list().unwrap().len(), 1);
        home.choose(&context).unwrap();
        assert_eq!(
            home.context(None).unwrap().settings().unwrap().user,
            "users/u"
        );
    }

    #[test]
    fn names_stay_in_the_home() {
        let home = Home::new(Some("/nowhere".into())).unwrap();
        for name in ["", "..", "a/b", ".hidden", "current", "a b"] {
            assert_eq!(
                home.context(Some(name)).unwrap_err().exit,
                Exit::Usage,
                "{name}"
            );
        }
    }
}
