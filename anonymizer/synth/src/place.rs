//! Places and addresses.

use std::sync::LazyLock;

use crate::rng::Rng;

/// A settlement, from the data file `places.tsv`.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// KATO, nine digits.
    pub kato: &'static str,
    /// The region in Russian: Карагандинская область.
    pub region: &'static str,
    /// The region in Kazakh.
    pub region_kk: &'static str,
    /// The district in Russian, or nothing for a city.
    pub district: &'static str,
    /// The district in Kazakh.
    pub district_kk: &'static str,
    /// What it is: г, с, п, а (city, village, settlement, aul).
    pub sort: &'static str,
    /// Its name in Russian.
    pub name: &'static str,
    /// Its name in Kazakh.
    pub name_kk: &'static str,
    /// The first digits of its postal codes.
    pub post: &'static str,
}

static PLACES: LazyLock<(Vec<Settlement>, Vec<u32>)> = LazyLock::new(|| {
    let mut weights = Vec::new();
    let places = lines(include_str!("../data/places.tsv"))
        .filter_map(|line| {
            let mut fields = line.split('\t');
            let mut next = || fields.next();
            let place = Settlement {
                kato: next()?,
                region: next()?,
                region_kk: next()?,
                district: next()?,
                district_kk: next()?,
                sort: next()?,
                name: next()?,
                name_kk: next()?,
                post: next()?,
            };
            weights.push(next()?.parse().ok()?);
            Some(place)
        })
        .collect();
    (places, weights)
});

static STREETS: LazyLock<Vec<(&str, &str, &str)>> = LazyLock::new(|| {
    lines(include_str!("../data/streets.tsv"))
        .filter_map(|line| {
            let mut fields = line.split('\t');
            Some((fields.next()?, fields.next()?, fields.next()?))
        })
        .collect()
});

/// The lines of a data file that are not comments.
pub(crate) fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// A settlement, by population.
pub fn settlement(rng: &mut Rng) -> Option<&'static Settlement> {
    let (places, weights) = &*PLACES;
    places.get(rng.weighted(weights))
}

/// Where somebody lives.
#[derive(Clone, Debug)]
pub struct Address {
    /// The settlement.
    pub settlement: &'static Settlement,
    /// What the street is: у (street), п (avenue), м (microdistrict), б (boulevard), к (lane).
    pub sort: &'static str,
    /// The street in Russian, in the form that follows "улица".
    pub street: &'static str,
    /// The street in Kazakh, in the form that precedes "көшесі".
    pub street_kk: &'static str,
    /// The number of the house: 15, 15А, 15/2.
    pub house: String,
    /// The number of the flat.
    pub flat: Option<u32>,
    /// Six digits.
    pub post: String,
}

impl Address {
    /// An address in a settlement drawn by population.
    pub fn draw(rng: &mut Rng) -> Option<Self> {
        let settlement = settlement(rng)?;
        let city = settlement.sort == "г";
        let (sort, street, street_kk) = if rng.chance(0.5) {
            *rng.pick(&STREETS)?
        } else {
            let russian = rng.word(sandyq_words::streets(sandyq_words::Language::Russian));
            let kazakh = rng.word(sandyq_words::streets(sandyq_words::Language::Kazakh));
            (rng.word(&["у", "у", "у", "у", "п", "к"]), russian, kazakh)
        };
        let number = rng.between(1, if city { 190 } else { 70 });
        let house = match rng.below(12) {
            0 => format!("{number}{}", rng.letter("АБВ")),
            1 => format!("{number}/{}", rng.between(1, 9)),
            _ => number.to_string(),
        };
        let flat = rng
            .chance(if city { 0.78 } else { 0.12 })
            .then(|| rng.between(1, 140) as u32);
        let post = format!(
            "{}{}",
            settlement.post,
            rng.digits(6 - settlement.post.len().min(6))
        );
        Some(Self {
            settlement,
            sort,
            street,
            street_kk,
            house,
            flat,
            post,
        })
    }

    /// The whole address in Russian, in one of the ways people write it.
    pub fn russian(&self, rng: &mut Rng) -> String {
        let place = self.settlement;
        let mut parts = Vec::new();
        let town = match place.sort {
            "г" => format!(
                "{}{}",
                rng.word(&["г. ", "г.", "город ", "", "г. "]),
                place.name
            ),
            "с" => format!("{}{}", rng.word(&["с. ", "село ", "с."]), place.name),
            "п" => format!("{}{}", rng.word(&["п. ", "пос. ", "поселок "]), place.name),
            _ => format!("{}{}", rng.word(&["аул ", "а. "]), place.name),
        };
        if rng.chance(0.08) {
            parts.push(self.post.clone());
        }
        let far = !place.district.is_empty();
        if far || (rng.chance(0.2) && !place.region.starts_with("город")) {
            parts.push(if rng.chance(0.35) {
                place.region.replace("область", "обл.")
            } else {
                place.region.to_owned()
            });
        }
        if far && rng.chance(0.85) {
            parts.push(if rng.chance(0.35) {
                place.district.replace("район", "р-н")
            } else {
                place.district.to_owned()
            });
        }
        // Now and then only the street is written.
        if far || rng.chance(0.85) {
            parts.push(town);
        }
        let line = self.street_line(rng);
        parts.push(line);
        let joint = if rng.chance(0.93) { ", " } else { " " };
        parts.join(joint)
    }

    fn street_line(&self, rng: &mut Rng) -> String {
        let sort = match self.sort {
            "п" => rng.word(&["пр. ", "проспект ", "пр-т ", "просп. ", "пр."]),
            "м" => rng.word(&["мкр. ", "микрорайон ", "мкр ", "мкр. ", "м-н "]),
            "б" => rng.word(&["бульвар ", "б-р "]),
            "к" => rng.word(&["пер. ", "переулок "]),
            _ => rng.word(&["ул. ", "улица ", "ул.", "ул ", "ул. "]),
        };
        // "ул. Абая 15-34" is how most people write it.
        if rng.chance(0.25) {
            let flat = self
                .flat
                .map(|flat| format!("{}{flat}", rng.word(&["-", "-", " кв ", " кв."])))
                .unwrap_or_default();
            return format!("{sort}{} {}{flat}", self.street, self.house);
        }
        let house = format!("{}{}", rng.word(&["д. ", "дом ", "д.", ""]), self.house);
        let flat = self
            .flat
            .map(|flat| format!(", {}{flat}", rng.word(&["кв. ", "кв.", "квартира ", "кв "])))
            .unwrap_or_default();
        format!("{sort}{}, {house}{flat}", self.street)
    }

    /// The whole address in Kazakh, in one of the ways people write it.
    pub fn kazakh(&self, rng: &mut Rng) -> String {
        let place = self.settlement;
        let mut parts = Vec::new();
        let town = match place.sort {
            "г" => format!(
                "{} {}",
                place.name_kk,
                rng.word(&["қаласы", "қаласы", "қ."])
            ),
            "с" | "а" => format!("{} {}", place.name_kk, rng.word(&["ауылы", "ауылы", "а."])),
            _ => format!("{} {}", place.name_kk, "кенті"),
        };
        let far = !place.district.is_empty();
        if rng.chance(0.06) {
            parts.push(self.post.clone());
        }
        if far || (rng.chance(0.2) && !place.region.starts_with("город")) {
            parts.push(if rng.chance(0.25) {
                place.region_kk.replace("облысы", "обл.")
            } else {
                place.region_kk.to_owned()
            });
        }
        if far && rng.chance(0.85) {
            parts.push(place.district_kk.to_owned());
        }
        if far || rng.chance(0.85) {
            parts.push(town);
        }
        let sort = match self.sort {
            "п" => rng.word(&[" даңғылы", " даңғылы", " даң."]),
            "м" => rng.word(&[" шағын ауданы", " ш/а", " ықшам ауданы", " мөлтек ауданы"]),
            "б" => " бульвары",
            "к" => rng.word(&[" тұйық көшесі", " тұйығы"]),
            _ => rng.word(&[" көшесі", " көшесі", " көш.", " к-сі"]),
        };
        parts.push(format!("{}{sort}", self.street_kk));
        let ordinal = rng.chance(0.55);
        let house = if ordinal {
            format!("{}-үй", self.house)
        } else {
            format!("{} үй", self.house)
        };
        let flat = self.flat.map(|flat| match (ordinal, rng.below(3)) {
            (_, 0) => format!("{flat} пәтер"),
            (true, _) => format!("{flat}-пәтер"),
            _ => format!("{flat} п."),
        });
        let mut out = parts.join(if rng.chance(0.85) { ", " } else { " " });
        if rng.chance(0.15) {
            let flat = self.flat.map(|flat| format!("-{flat}")).unwrap_or_default();
            out.push_str(&format!(" {}{flat}", self.house));
        } else {
            out.push_str(rng.word(&[", ", " ", ", "]));
            out.push_str(&house);
            if let Some(flat) = flat {
                out.push_str(rng.word(&[", ", ", ", " "]));
                out.push_str(&flat);
            }
        }
        out
    }
}
