//! Addresses as people write them, whole and in part, straight and inflected.

use std::sync::LazyLock;

use crate::place::lines;
use crate::rng::Rng;

/// A town or village of `places.txt`.
struct Town {
    sort: &'static str,
    name: &'static str,
    /// Where: Караганде.
    within: &'static str,
    region: &'static str,
    district: &'static str,
    name_kk: &'static str,
    region_kk: &'static str,
    district_kk: &'static str,
}

static TOWNS: LazyLock<Vec<Town>> = LazyLock::new(|| {
    lines(include_str!("../../data/second/places.txt"))
        .filter_map(|line| {
            let mut fields = line.split('|');
            let mut next = || fields.next();
            Some(Town {
                sort: next()?,
                name: next()?,
                within: next()?,
                region: next()?,
                district: next()?,
                name_kk: next()?,
                region_kk: next()?,
                district_kk: next()?,
            })
        })
        .collect()
});

/// Streets: sort, name in Russian, name in Kazakh.
static STREETS: LazyLock<Vec<[&'static str; 3]>> = LazyLock::new(|| {
    lines(include_str!("../../data/second/streets.txt"))
        .filter_map(|line| {
            let mut fields = line.split('|');
            Some([fields.next()?, fields.next()?, fields.next()?])
        })
        .collect()
});

/// Where somebody lives.
pub struct Place {
    town: Option<&'static Town>,
    street: Option<&'static [&'static str; 3]>,
    house: String,
    flat: Option<i32>,
    index: String,
}

impl Place {
    pub fn draw(rng: &mut Rng) -> Self {
        let town = rng.pick(&TOWNS);
        let city = town.is_some_and(|town| town.sort == "г");
        let street = loop {
            let street = rng.pick(&STREETS);
            // Microdistricts are of cities.
            if city || street.is_none_or(|[sort, ..]| *sort == "ул") {
                break street;
            }
        };
        let number = rng.between(1, if city { 240 } else { 60 });
        Self {
            town,
            street,
            house: match rng.below(14) {
                0 => format!("{number}{}", rng.letter("АБВГ")),
                1 => format!("{number}/{}", rng.between(1, 12)),
                2 => format!("{number}{}", rng.letter("абв")),
                _ => number.to_string(),
            },
            flat: rng
                .chance(if city { 0.75 } else { 0.1 })
                .then(|| rng.between(1, 210)),
            index: format!("{}{}", rng.word(&["0", "1"]), rng.digits(5)),
        }
    }

    /// The town alone.
    pub fn town(&self, kazakh: bool) -> &'static str {
        self.town
            .map_or("", |town| if kazakh { town.name_kk } else { town.name })
    }

    /// The town alone, where something is: Караганде.
    pub fn within(&self) -> &'static str {
        self.town.map_or("", |town| town.within)
    }

    /// In Russian from the widest part that is written to the flat.
    pub fn russian(&self, rng: &mut Rng) -> String {
        let Some(town) = self.town else {
            return self.russian_street(rng);
        };
        let mut parts = Vec::new();
        if rng.chance(0.1) {
            parts.push(self.index.clone());
        }
        let village = town.sort != "г";
        if !town.region.is_empty() && (village || rng.chance(0.2)) {
            parts.push(match rng.below(3) {
                0 => town.region.replace("область", "обл."),
                _ => town.region.to_owned(),
            });
        }
        if !town.district.is_empty() && (village || rng.chance(0.15)) {
            parts.push(match rng.below(3) {
                0 => town.district.replace("район", "р-н"),
                1 => town.district.replace("район", "р-он"),
                _ => town.district.to_owned(),
            });
        }
        let before = match town.sort {
            "г" => rng.word(&["г. ", "г.", "г ", "город ", "", "гор. "]),
            "с" => rng.word(&["с. ", "село ", "с.", "с "]),
            _ => rng.word(&["п. ", "пос. ", "поселок ", "посёлок "]),
        };
        if rng.chance(0.88) || village {
            parts.push(format!("{before}{}", town.name));
        }
        parts.push(self.russian_street(rng));
        parts.join(rng.word(&[", ", ", ", ", ", ", ", ","]))
    }

    /// The street to the flat in Russian.
    pub fn russian_street(&self, rng: &mut Rng) -> String {
        let [sort, name, _] = self.street.copied().unwrap_or(["ул", "Мира", ""]);
        let street = match sort {
            "пр" => match rng.below(4) {
                0 => format!("{name} проспект"),
                _ => format!(
                    "{}{name}",
                    rng.word(&["пр. ", "пр-т ", "проспект ", "пр.", "просп. "])
                ),
            },
            "мкр" if name.starts_with(|first: char| first.is_ascii_digit()) => {
                format!(
                    "{name}{}",
                    rng.word(&[" мкр", " мкр.", " микрорайон", "-й микрорайон", " мкр-н"])
                )
            }
            "мкр" => format!(
                "{}{name}",
                rng.word(&["мкр. ", "мкр ", "мкр-н ", "микрорайон ", "м-н "])
            ),
            _ => match rng.below(8) {
                0 => format!("{name} ул."),
                _ => format!("{}{name}", rng.word(&["ул. ", "ул.", "улица ", "ул "])),
            },
        };
        self.tail(&street, rng)
    }

    fn tail(&self, street: &str, rng: &mut Rng) -> String {
        match (self.flat, rng.below(9)) {
            (Some(flat), 0) => format!("{street} {}-{flat}", self.house),
            (Some(flat), 1) => format!("{street}, {}-{flat}", self.house),
            (Some(flat), 2) => format!("{street}, {}, {flat}", self.house),
            (Some(flat), 3) => {
                format!(
                    "{street} {}{}",
                    self.house,
                    rng.word(&[", кв. ", " кв ", " кв.", ", кв"])
                ) + &flat.to_string()
            }
            (Some(flat), _) => format!(
                "{street}, {}{}, {}{flat}",
                rng.word(&["д. ", "дом ", "д.", "дом № ", "д "]),
                self.house,
                rng.word(&["кв. ", "квартира ", "кв.", "кв. № "])
            ),
            (None, 0..3) => format!("{street}, {}", self.house),
            (None, 3) => format!("{street} {}", self.house),
            (None, _) => format!(
                "{street}, {}{}",
                rng.word(&["д. ", "дом ", "д."]),
                self.house
            ),
        }
    }

    /// Behind "в" in Russian: городе Караганде, по улице Ермекова, дом 5.
    pub fn russian_within(&self, rng: &mut Rng) -> String {
        let [sort, name, _] = self.street.copied().unwrap_or(["ул", "Мира", ""]);
        let before = match self.town.map_or("г", |town| town.sort) {
            "г" => rng.word(&["г. ", "городе ", "г."]),
            "с" => rng.word(&["с. ", "селе "]),
            _ => rng.word(&["п. ", "поселке "]),
        };
        let street = match sort {
            "пр" => format!(
                "{}{name}",
                rng.word(&["по пр. ", "по проспекту ", "на проспекте "])
            ),
            "мкр" if name.starts_with(|first: char| first.is_ascii_digit()) => {
                format!(
                    "{}{name}{}",
                    rng.word(&["", "в "]),
                    rng.word(&[" мкр.", " микрорайоне"])
                )
            }
            "мкр" => format!(
                "{}{name}",
                rng.word(&["в мкр. ", "мкр. ", "в микрорайоне "])
            ),
            _ => format!(
                "{}{name}",
                rng.word(&["по ул. ", "по улице ", "на улице ", "ул. "])
            ),
        };
        let joint = if rng.chance(0.5) { ", " } else { " " };
        let street = self.tail(&street, rng);
        format!("{before}{}{joint}{street}", self.within())
    }

    /// In Kazakh, from the widest part that is written to the flat; `located` gives the last word the locative.
    pub fn kazakh(&self, located: bool, rng: &mut Rng) -> String {
        let mut parts = Vec::new();
        let [sort, _, name] = self.street.copied().unwrap_or(["ул", "", "Абай"]);
        if let Some(town) = self.town {
            let village = town.sort != "г";
            if rng.chance(0.07) {
                parts.push(self.index.clone());
            }
            if !town.region_kk.is_empty() && (village || rng.chance(0.25)) {
                parts.push(match rng.below(4) {
                    0 => town.region_kk.replace("облысы", "обл."),
                    _ => town.region_kk.to_owned(),
                });
            }
            if !town.district_kk.is_empty() && (village || rng.chance(0.2)) {
                parts.push(town.district_kk.to_owned());
            }
            if village || rng.chance(0.88) {
                let word = match town.sort {
                    "г" => rng.word(&["қаласы", "қаласы", "қ.", "қ-сы"]),
                    "с" => rng.word(&["ауылы", "ауылы", "а."]),
                    _ => "кенті",
                };
                parts.push(format!("{} {word}", town.name_kk));
            }
        }
        parts.push(match sort {
            "пр" => format!(
                "{name} {}",
                rng.word(&["даңғылы", "даңғылы", "даң.", "д-лы"])
            ),
            "мкр" if name.starts_with(|first: char| first.is_ascii_digit()) => {
                format!(
                    "{name}{}",
                    rng.word(&["-шағын аудан", " ш/а", "-ықшамаудан", " шағын ауданы"])
                )
            }
            "мкр" => format!(
                "{name} {}",
                rng.word(&["шағын ауданы", "ықшам ауданы", "ш/а", "м/а"])
            ),
            _ => format!(
                "{name} {}",
                rng.word(&["көшесі", "көшесі", "көшесі", "көш.", "к-сі"])
            ),
        });
        let joint = if rng.chance(0.85) { ", " } else { " " };
        let start = parts.join(joint);
        let ending = if located { "де" } else { "" };
        match (self.flat, rng.below(5)) {
            (Some(flat), 0) if !located => format!("{start}{joint}{}-{flat}", self.house),
            (Some(flat), 1) => format!("{start}{joint}{} үй, {flat} пәтер{ending}", self.house),
            (Some(flat), 2) => format!("{start} {}-үй {flat}-пәтер{ending}", self.house),
            (Some(flat), 3) => format!("{start}, №{} үй, №{flat} пәтер{ending}", self.house),
            (Some(flat), _) => format!("{start}, {}-үй, {flat}-пәтер{ending}", self.house),
            (None, 0) if !located => format!("{start}{joint}{}", self.house),
            (None, 1) => format!("{start} {} үй{ending}", self.house),
            (None, _) => format!("{start}{joint}{}-үй{ending}", self.house),
        }
    }
}
