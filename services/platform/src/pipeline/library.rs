//! Data sets on their way to releases: read, measured for their quality, depersonalized and described.

use std::collections::BTreeMap;

use sandyq_anonymizer::quality::{DatasetQuality, Examined, Reference, Standard, of_dataset};
use sandyq_anonymizer::{
    Cancel, Detail, Format, Hierarchies, Hierarchy, Limits, Profile, PseudonymKey, Release, Table,
    UtilityLimits, depersonalize_library, intake,
};
use sandyq_store::objects::BlockingReader;

use super::scan::Columns;
use super::{heavy, raw};
use crate::error::{Class, Error, Result, chain};
use crate::platform::Platform;
use crate::records::library::Dataset;
use crate::subjects::withdrawal::Withdrawn;

/// The releases of data sets that are depersonalized together, and the quality of each.
pub(super) async fn depersonalized(
    platform: &Platform,
    datasets: &[Dataset],
    work: Work,
) -> Result<Vec<(Release, DatasetQuality)>> {
    let mut sources = Vec::new();
    for dataset in datasets {
        sources.push(Source {
            id: dataset.id.clone(),
            format: dataset.format.clone(),
            sha256: dataset.sha256.clone(),
            types: types(dataset),
            bytes: raw(platform, dataset).await?,
        });
    }
    heavy(move || work.carry_out(sources))
        .await?
        .map_err(|message| Error::new(Class::Precondition, "RUN_FAILED", message))
}

/// A data set that is to be read.
struct Source {
    id: String,
    format: Format,
    sha256: String,
    /// What its columns were found to be.
    types: BTreeMap<String, String>,
    bytes: BlockingReader,
}

fn types(dataset: &Dataset) -> BTreeMap<String, String> {
    let columns = dataset
        .classification
        .iter()
        .flat_map(|found| &found.columns);
    columns
        .map(|column| (column.name.clone(), column.semantic.as_str().to_owned()))
        .collect()
}

/// What is to be done, for a thread of its own.
pub(super) struct Work {
    /// The profile's text.
    pub profile: String,
    /// The hierarchies' texts by name.
    pub hierarchies: Vec<(String, String)>,
    /// The key of pseudonyms.
    pub key: PseudonymKey,
    /// The date, for ages.
    pub today: String,
    /// Ends it early.
    pub cancel: Cancel,
    /// Who is left out.
    pub withdrawn: Option<Withdrawn>,
    /// Columns that tell who it is.
    pub numbers: Columns,
}

type Outcome<T> = std::result::Result<T, String>;

impl Work {
    fn carry_out(self, sources: Vec<Source>) -> Outcome<Vec<(Release, DatasetQuality)>> {
        let profile = Profile::parse(&self.profile).map_err(|e| chain(&e))?;
        let hierarchies = self.hierarchies()?;
        let (mut tables, mut others) = (Vec::new(), Vec::new());
        for source in sources {
            let table = intake::read(&source.id, source.bytes, &source.format, &Limits::default());
            let table = table.map_err(|e| format!("data set {}: {}", source.id, chain(&e)))?;
            // Before anything else: what follows has never seen who withdrew.
            let (table, gone) = self.without_withdrawn(table)?;
            let table = match profile.dataset(&source.id) {
                Ok(dataset) => table.derived(dataset).map_err(|e| chain(&e))?,
                Err(_) => table,
            };
            tables.push(table);
            others.push((source.sha256, source.types, gone));
        }
        let (key, cancel) = (&self.key, &self.cancel);
        let made = depersonalize_library(&tables, &profile, &hierarchies, key, cancel, &mut |_| {});
        let made = made.map_err(|e| match tables.as_slice() {
            [table] => format!("data set {}: {}", table.name(), chain(&e)),
            _ => chain(&e),
        })?;
        let mut described = Vec::new();
        for ((mut release, table), (sha256, types, gone)) in
            made.into_iter().zip(&tables).zip(others)
        {
            let quality = self
                .quality(table, types, &profile)
                .map_err(|e| chain(&e))?;
            release.of_file(sha256);
            release.of_quality(quality.clone());
            release.of_withdrawn(gone);
            self.describe(&mut release, table, &profile, &hierarchies)
                .map_err(|message| format!("data set {}: {message}", table.name()))?;
            described.push((release, quality));
        }
        Ok(described)
    }

    /// The table without the rows of subjects who withdrew consent, and how many rows those are.
    fn without_withdrawn(&self, table: Table) -> Outcome<(Table, u64)> {
        let Some(withdrawn) = &self.withdrawn else {
            return Ok((table, 0));
        };
        let name = table.name().to_owned();
        let own = self.numbers.iter().filter(|(dataset, _)| *dataset == name);
        let columns: Vec<&str> = own.map(|(_, column)| column.as_str()).collect();
        let rest = table.without(&columns, |cell| withdrawn.has(cell));
        rest.map_err(|error| format!("data set {name}: {}", chain(&error)))
    }

    fn hierarchies(&self) -> Outcome<Hierarchies> {
        let texts = self.hierarchies.iter();
        let parsed = texts.map(|(name, csv)| {
            let hierarchy = Hierarchy::parse(name, csv.as_bytes()).map_err(|e| chain(&e))?;
            Ok((name.clone(), hierarchy))
        });
        parsed.collect()
    }

    fn quality(
        &self,
        table: &Table,
        mut types: BTreeMap<String, String>,
        profile: &Profile,
    ) -> std::result::Result<DatasetQuality, sandyq_anonymizer::ProfileError> {
        let dataset = profile.dataset(table.name())?;
        let named = profile.quality().reference.as_deref();
        let reference = named.and_then(Reference::builtin);
        // What the owner says of a column counts for more than what was found.
        types.extend(dataset.types().clone());
        let examined = Examined {
            table,
            types: &types,
            subject: dataset.subject(),
        };
        let standard = Standard {
            reference: reference.as_ref(),
            today: &self.today,
            thresholds: profile.quality(),
        };
        Ok(of_dataset(&examined, &standard))
    }

    fn describe(
        &self,
        release: &mut Release,
        table: &Table,
        profile: &Profile,
        hierarchies: &Hierarchies,
    ) -> Outcome<()> {
        let (bytes, limits) = (release.bytes(), Limits::default());
        let released = intake::read(table.name(), bytes, &Format::Parquet, &limits);
        let released = released.map_err(|e| chain(&e))?;
        let detail = Detail {
            profile: profile.dataset(table.name()).map_err(|e| chain(&e))?,
            hierarchies,
            original: table,
            released: &released,
            population: None,
            target: None,
            limits: UtilityLimits::default(),
        };
        release
            .describe(&detail, &self.cancel)
            .map_err(|e| chain(&e))
    }
}
