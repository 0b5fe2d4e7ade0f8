//! The rate of detection on one core, and its ratio to a plain UTF-8 validation of the same bytes.
//!
//! The text is mixed Russian, Kazakh and English with one hit in about 200 bytes; all of it is invented. It is read in parts of 64 KiB,
//! again and again, and the best time of each part counts: what else runs on the machine then changes the figure little.
//! `detect_rate [MEGABYTES] [SECONDS]`

#![allow(clippy::print_stdout, reason = "it prints what it measured")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use sandyq_detect::{Detector, Span};

/// Sentences without personal data.
const PLAIN: [&str; 14] = [
    "Комиссия рассмотрела заявление и приняла решение в течение пятнадцати рабочих дней со дня его поступления. ",
    "Согласно пункту 4 статьи 17 размер пособия исчисляется из среднемесячного дохода за последние 24 месяца. ",
    "Пациент жалуется на головную боль, слабость и повышение температуры до 38,5; назначено обследование. ",
    "Бұл бағдарлама ауыл тұрғындарының тұрмыс жағдайын жақсартуға және жаңа жұмыс орындарын ашуға бағытталған. ",
    "Өтініш берушінің құжаттары тексерілді, шешім үш жұмыс күні ішінде қабылданады деп хабарланды. ",
    "Дәрігер науқасқа ем тағайындап, екі аптадан кейін қайта қаралуға келу керектігін айтты. ",
    "Сотрудник не вышел на работу без уважительной причины, о чем составлен акт в присутствии свидетелей. ",
    "The applicant submitted the documents electronically and was informed about the decision of the board. ",
    "Жиналыста 2023 жылғы бюджеттің орындалуы талқыланып, 12 мәселе бойынша қаулы қабылданды. ",
    "Стоимость оборудования составила 1 250 000 тенге с учетом налога, срок поставки не позднее 30 дней. ",
    "Судья удалился в совещательную комнату, после чего огласил резолютивную часть решения. ",
    "Мектеп оқушылары облыстық олимпиадада жүлделі орындарға ие болып, мадақтау қағаздарымен марапатталды. ",
    "На перекрестке произошло столкновение двух транспортных средств, пострадавших нет, движение восстановлено. ",
    "Клиент просит вернуть средства за неоказанную услугу и сообщить о результате рассмотрения обращения. ",
];

/// Sentences with one hit each.
const HITS: [&str; 16] = [
    "Заявитель: Ахметов Ерлан Болатович, явился лично. ",
    "Азаматша Сейітова Айгүл Маратқызы келісім берді. ",
    "Решение вручено Иванову П.С. под роспись. ",
    "ИИН 900101300017 указан в анкете. ",
    "ЖСН 850615400125 тексерілді. ",
    "Звонить по номеру +7 701 123-45-67 после обеда. ",
    "Байланыс телефоны 8 (747) 123 45 67. ",
    "Ответ направить на почту e.akhmetov@mail.kz до пятницы. ",
    "Проживает по адресу г. Алматы, ул. Абая, дом 15, кв. 42. ",
    "Астана қаласы, Мәңгілік Ел даңғылы, 12 үй, 5 пәтер мекенжайы бойынша тұрады. ",
    "Дата рождения 15.06.1985, семейное положение: женат. ",
    "Туған күні: 1990 жылғы 3 сәуір. ",
    "Счет KZ86125KZT5004100100 открыт в банке. ",
    "Автомобиль с номером 123ABC02 припаркован у входа. ",
    "Удостоверение личности № 041234567 выдано МВД РК. ",
    "БИН 240140012342 указан в договоре. ",
];

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .map(|argument| argument.parse().unwrap_or(8));
    let megabytes: usize = arguments.next().unwrap_or(8);
    let seconds = Duration::from_secs(arguments.next().unwrap_or(8) as u64);
    let text = text(megabytes << 20);
    let parts = parts(&text, 64 << 10);
    let mut detector = Detector::new();
    let mut spans: Vec<Span> = Vec::new();
    let begun = Instant::now();
    detector.detect_into("Иванов Иван, ИИН 900101300017", &mut spans);
    let start = begun.elapsed();
    let detect = rate(&parts, seconds, |part| {
        detector.detect_into(black_box(part), &mut spans)
    });
    let mut bare = Detector::with(&[]);
    let mut none = Vec::new();
    let fold = rate(&parts, seconds / 4, |part| {
        bare.detect_into(black_box(part), &mut none)
    });
    if std::env::var_os("EACH").is_some() {
        for (place, recognizer) in sandyq_detect::recognizer::RECOGNIZERS.iter().enumerate() {
            let mut one = Detector::with(std::slice::from_ref(recognizer));
            let alone = rate(&parts, seconds / 8, |part| {
                one.detect_into(black_box(part), &mut none)
            });
            println!(
                "recognizer {place:2}: {:8.3} ns a byte",
                1e3 / alone - 1e3 / fold
            );
        }
    }
    let valid = rate(&parts, seconds / 4, |part| {
        black_box(std::str::from_utf8(black_box(part.as_bytes())).is_ok());
    });
    detector.detect_into(&text, &mut spans);
    let every = text.len() / spans.len().max(1);
    println!(
        "text: {} bytes, a span in {every} bytes; tables ready in {start:.0?}",
        text.len()
    );
    println!("detection:        {detect:8.1} MB/s");
    println!("folding alone:    {fold:8.1} MB/s");
    println!("UTF-8 validation: {valid:8.1} MB/s");
    println!("ratio:            {:8.4}", detect / valid);
}

/// Megabytes a second, of the best repetition of each part that fits into the time.
fn rate(parts: &[&str], time: Duration, mut work: impl FnMut(&str)) -> f64 {
    let begun = Instant::now();
    let mut best = vec![Duration::MAX; parts.len()];
    while begun.elapsed() < time || best.contains(&Duration::MAX) {
        for (part, best) in parts.iter().zip(&mut best) {
            let once = Instant::now();
            work(part);
            *best = once.elapsed().min(*best);
        }
    }
    let bytes: usize = parts.iter().map(|part| part.len()).sum();
    bytes as f64 / 1e6 / best.iter().sum::<Duration>().as_secs_f64()
}

/// The lines of a text in parts of about that many bytes.
fn parts(text: &str, length: usize) -> Vec<&str> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while rest.len() > length {
        let line = rest
            .as_bytes()
            .iter()
            .skip(length)
            .position(|byte| *byte == b'\n');
        let (part, others) = rest.split_at(line.map_or(rest.len(), |line| length + line + 1));
        parts.push(part);
        rest = others;
    }
    parts.push(rest);
    parts
}

/// So many bytes of sentences in an order that does not repeat.
fn text(length: usize) -> String {
    let mut text = String::with_capacity(length + 1000);
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = move |among: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) as usize % among
    };
    let mut due = 0;
    while text.len() < length {
        let pool: &[&str] = if text.len() >= due { &HITS } else { &PLAIN };
        if text.len() >= due {
            due += 200;
        }
        text.push_str(pool.get(next(pool.len())).copied().unwrap_or_default());
        if next(6) == 0 {
            text.push('\n');
        }
    }
    text
}
