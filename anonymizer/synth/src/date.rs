//! Days of the Gregorian calendar.

const MONTHS_RU: [&str; 12] = [
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
];
const MONTHS_KK: [&str; 12] = [
    "қаңтар",
    "ақпан",
    "наурыз",
    "сәуір",
    "мамыр",
    "маусым",
    "шілде",
    "тамыз",
    "қыркүйек",
    "қазан",
    "қараша",
    "желтоқсан",
];

fn month(names: [&'static str; 12], number: i32) -> &'static str {
    usize::try_from(number - 1)
        .ok()
        .and_then(|place| names.get(place))
        .copied()
        .unwrap_or("")
}

/// A day, counted from 1 January 1970.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Day(pub i32);

impl Day {
    /// The day of a year, a month (1 to 12) and a day of the month.
    pub fn of(year: i32, month: i32, day: i32) -> Self {
        // H. Hinnant, "chrono-compatible low-level date algorithms": years begin in March.
        let year = if month <= 2 { year - 1 } else { year };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Self(era * 146_097 + day_of_era - 719_468)
    }

    /// Year, month and day of the month.
    pub fn parts(self) -> (i32, i32, i32) {
        let days = self.0 + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 {
            shifted + 3
        } else {
            shifted - 9
        };
        (year_of_era + era * 400 + i32::from(month <= 2), month, day)
    }

    /// The year.
    pub fn year(self) -> i32 {
        self.parts().0
    }

    /// The day so many days later.
    pub fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// Whole years from one day to another.
    pub fn years_until(self, other: Self) -> i32 {
        let (year, month, day) = self.parts();
        let (to_year, to_month, to_day) = other.parts();
        to_year - year - i32::from((to_month, to_day) < (month, day))
    }

    /// As a Russian or Kazakh form writes it: 31.12.1999.
    pub fn dotted(self) -> String {
        let (year, month, day) = self.parts();
        format!("{day:02}.{month:02}.{year}")
    }

    /// ISO 8601: 1999-12-31.
    pub fn iso(self) -> String {
        let (year, month, day) = self.parts();
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// With its month in words, in Kazakh or else in Russian; the Russian word for "year" is not part of it.
    pub fn in_words(self, kazakh: bool) -> String {
        let (year, number, day) = self.parts();
        if kazakh {
            format!("{year} жылғы {day} {}", month(MONTHS_KK, number))
        } else {
            format!("{day} {} {year}", month(MONTHS_RU, number))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_go_there_and_back() {
        assert_eq!(Day::of(1970, 1, 1).0, 0);
        assert_eq!(Day::of(2000, 2, 29).plus(1).iso(), "2000-03-01");
        assert_eq!(Day::of(1899, 12, 31).dotted(), "31.12.1899");
        for day in (-60_000..60_000).step_by(37) {
            let (year, month, of_month) = Day(day).parts();
            assert_eq!(Day::of(year, month, of_month), Day(day));
        }
        assert_eq!(Day::of(2000, 6, 2).years_until(Day::of(2026, 6, 1)), 25);
    }
}
