//! The rate of detection on one core, and its ratio to a plain UTF-8 validation of the same bytes.
//!
//! The text is mixed Russian, Kazakh and English with one hit in about 200 bytes; all of it is invented.
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
    let mut detector = Detector::new();
    let mut spans: Vec<Span> = Vec::new();
    let begun = Instant::now();
    detector.detect_into("Иванов Иван, ИИН 900101300017", &mut spans);
    let start = begun.elapsed();
    let detect = rate(&text, seconds, || {
        detector.detect_into(black_box(&text), &mut spans)
    });
    let mut bare = Detector::with(&[]);
    let fold = rate(&text, seconds / 4, || {
        bare.detect_into(black_box(&text), &mut spans.clone())
    });
    if std::env::var_os("EACH").is_some() {
        for (place, recognizer) in sandyq_detect::recognizer::RECOGNIZERS.iter().enumerate() {
            let mut one = Detector::with(std::slice::from_ref(recognizer));
            let alone = rate(&text, Duration::from_millis(300), || {
                one.detect_into(black_box(&text), &mut Vec::new())
            });
            println!(
                "recognizer {place:2}: {:8.3} ns a byte",
                1e3 / alone - 1e3 / fold
            );
        }
    }
    let valid = rate(&text, seconds / 4, || {
        black_box(std::str::from_utf8(black_box(text.as_bytes())).is_ok());
    });
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

/// The best of the repetitions that fit into the time, in megabytes a second.
fn rate(text: &str, time: Duration, mut work: impl FnMut()) -> f64 {
    let begun = Instant::now();
    let mut best = Duration::MAX;
    while begun.elapsed() < time {
        let once = Instant::now();
        work();
        best = best.min(once.elapsed());
    }
    text.len() as f64 / 1e6 / best.as_secs_f64()
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
