//! Documents on the command line: a file of this machine, whose hash is sent, and where the document can be found.

use std::fmt::Write as _;
use std::fs::File;
use std::io;
use std::str::FromStr;

use ring::digest::{Context, SHA256};
use sandyq_proto::v1::{Document, Evidence, FunctionDeclaration, LawfulGround, ProhibitedFunction};

/// `FILE[:REFERENCE]`; the reference is the file's name when not given.
#[derive(Clone, Debug)]
pub struct EvidenceArg(pub Evidence);

/// `KIND=FILE[:REFERENCE]`.
#[derive(Clone, Debug)]
pub struct DocumentArg(pub Document);

/// `FUNCTION=law|consent:FILE[:REFERENCE]`.
#[derive(Clone, Debug)]
pub struct FunctionArg(pub FunctionDeclaration);

/// The names that `--function` takes, with what makes them lawful.
const FUNCTIONS: [(&str, ProhibitedFunction, &str); 8] = [
    ("manipulation", ProhibitedFunction::Manipulation, "never"),
    ("vulnerability", ProhibitedFunction::Vulnerability, "never"),
    ("social-scoring", ProhibitedFunction::SocialScoring, "law"),
    (
        "untargeted-scraping",
        ProhibitedFunction::UntargetedScraping,
        "never",
    ),
    (
        "biometric-classification",
        ProhibitedFunction::BiometricClassification,
        "never",
    ),
    (
        "emotion-inference",
        ProhibitedFunction::EmotionInference,
        "consent or law",
    ),
    (
        "remote-identification",
        ProhibitedFunction::RemoteIdentification,
        "law",
    ),
    (
        "forbidden-content",
        ProhibitedFunction::ForbiddenContent,
        "never",
    ),
];

/// The table of prohibited functions, as a value and for people.
pub fn functions() -> (serde_json::Value, String) {
    let value = FUNCTIONS
        .iter()
        .map(|(name, _, lawful)| ((*name).to_owned(), serde_json::json!(lawful)))
        .collect();
    (serde_json::Value::Object(value), lines())
}

fn lines() -> String {
    let mut out =
        "prohibited by article 18.3 of the law \"On artificial intelligence\"; lawful:".to_owned();
    for (name, _, lawful) in FUNCTIONS {
        let _ = write!(out, "\n  {name:26}{lawful}");
    }
    out
}

fn hash(path: &str) -> Result<String, String> {
    let failed = |error: io::Error| format!("cannot read {path}: {error}");
    let mut file = File::open(path).map_err(failed)?;
    let mut context = Writer(Context::new(&SHA256));
    io::copy(&mut file, &mut context).map_err(failed)?;
    Ok(hex::encode(context.0.finish()))
}

struct Writer(Context);

impl io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl FromStr for EvidenceArg {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (file, reference) = text.split_once(':').unwrap_or((text, text));
        Ok(Self(Evidence {
            reference: reference.to_owned(),
            sha256: hash(file)?,
        }))
    }
}

impl FromStr for DocumentArg {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, rest) = text.split_once('=').ok_or_else(|| {
            format!(
                "`{text}` is not a document; write KIND=FILE, such as risk-assessment=risks.pdf"
            )
        })?;
        let evidence = EvidenceArg::from_str(rest)?.0;
        Ok(Self(Document {
            kind: kind.to_owned(),
            title: evidence.reference.clone(),
            evidence: Some(evidence),
        }))
    }
}

impl FromStr for FunctionArg {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is not a declared function; write FUNCTION=law:FILE or FUNCTION=consent:FILE, such as \
                 emotion-inference=consent:consents.pdf (`sandyq system functions` lists them)"
            )
        };
        let (name, rest) = text.split_once('=').ok_or_else(wrong)?;
        let (ground, file) = rest.split_once(':').ok_or_else(wrong)?;
        let (_, function, _) = FUNCTIONS
            .iter()
            .find(|(known, ..)| *known == name)
            .ok_or_else(wrong)?;
        let ground = match ground {
            "law" => LawfulGround::Law,
            "consent" => LawfulGround::Consent,
            _ => return Err(wrong()),
        };
        Ok(Self(FunctionDeclaration {
            function: (*function).into(),
            ground: ground.into(),
            evidence: Some(EvidenceArg::from_str(file)?.0),
        }))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn a_file_is_sent_as_its_hash() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.pdf");
        std::fs::write(&path, b"abc").unwrap();
        let text = format!("risk-assessment={}:order 5", path.display());
        let document = DocumentArg::from_str(&text).unwrap().0;
        let evidence = document.evidence.unwrap();
        // The digest of "abc" in FIPS 180-4.
        assert_eq!(
            evidence.sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            (document.kind.as_str(), evidence.reference.as_str()),
            ("risk-assessment", "order 5")
        );
        let text = format!("emotion-inference=consent:{}", path.display());
        assert_eq!(
            FunctionArg::from_str(&text).unwrap().0.ground(),
            LawfulGround::Consent
        );
    }

    #[test]
    fn what_is_no_document_is_told() {
        assert!(DocumentArg::from_str("nothing").is_err());
        assert!(EvidenceArg::from_str("/nowhere/at/all").is_err());
        for text in [
            "emotions=law:x",
            "emotion-inference",
            "emotion-inference=perhaps:x",
        ] {
            assert!(FunctionArg::from_str(text).is_err(), "{text}");
        }
    }
}
