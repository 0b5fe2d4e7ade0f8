//! Made values of columns.

/// A small generator of numbers (SplitMix64), so that tests need no seed of their own.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }

    pub fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len() as u64) as usize]
    }

    pub fn digits(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| char::from(b'0' + self.below(10) as u8))
            .collect()
    }

    pub fn checked(&mut self, head: &str) -> String {
        loop {
            let mut number = head.to_owned();
            let rest = self.digits(11 - head.len());
            number.push_str(&rest);
            let digits: Vec<u64> = number.bytes().map(|byte| u64::from(byte - b'0')).collect();
            let sum: u64 = digits
                .iter()
                .zip(1..)
                .map(|(digit, weight)| digit * weight)
                .sum::<u64>()
                % 11;
            if sum < 10 {
                return format!("{number}{sum}");
            }
        }
    }

    pub fn iin(&mut self) -> String {
        let (year, month, day) = (self.below(100), 1 + self.below(12), 1 + self.below(28));
        let century = if year < 20 { 5 } else { 3 } + self.below(2);
        self.checked(&format!("{year:02}{month:02}{day:02}{century}"))
    }

    pub fn bin(&mut self) -> String {
        let head = format!(
            "{:02}{:02}4{}",
            self.below(25),
            1 + self.below(12),
            self.below(4)
        );
        self.checked(&head)
    }

    pub fn date(&mut self, first: u64, years: u64) -> String {
        format!(
            "{:02}.{:02}.{}",
            1 + self.below(28),
            1 + self.below(12),
            first + self.below(years)
        )
    }

    pub fn full(&mut self) -> String {
        let (surname, given, patronymic) =
            (self.one(SURNAMES), self.one(GIVEN), self.one(PATRONYMICS));
        format!("{surname} {given} {patronymic}")
    }

    pub fn street(&mut self) -> String {
        let name = self.one(&[
            "Абая",
            "Сатпаева",
            "Байтурсынова",
            "Гоголя",
            "Ауэзова",
            "Толе би",
            "Жибек жолы",
        ]);
        format!("ул. {name}")
    }
}

pub const SURNAMES: &[&str] = &[
    "Ахметов",
    "Иванова",
    "Серикбаев",
    "Петров",
    "Нурланова",
    "Оспанов",
    "Ким",
    "Абдрахманова",
    "Жумабаев",
    "Сидорова",
    "Тлеубаев",
    "Мухамеджанова",
    "Васильев",
    "Касымов",
];
pub const GIVEN: &[&str] = &[
    "Айгуль",
    "Нурсултан",
    "Иван",
    "Мария",
    "Ерлан",
    "Данияр",
    "Асель",
    "Динара",
    "Тимур",
    "Ольга",
    "Бауыржан",
    "Гульнара",
    "Сергей",
    "Жанна",
];
pub const PATRONYMICS: &[&str] = &[
    "Иванович",
    "Сериковна",
    "Нурланұлы",
    "Ахметқызы",
    "Петровна",
    "Маратович",
    "Болатовна",
    "Ерланқызы",
];
