//! Identification numbers of vehicles.

use super::cue::{Cues, Topic};
use super::{Candidates, Recognizer, glued};
use crate::identifier::Vin;
use crate::kind::Kind;
use crate::text::Text;

/// Seventeen letters and digits, with a check digit or where the text speaks of a vehicle.
pub const RECOGNIZER: Recognizer = Recognizer::Number(find);

fn find(text: &Text, place: usize, out: &mut Candidates) {
    let Some((first, last, length)) = glued(text, place) else {
        return;
    };
    if length != 17 {
        return;
    }
    let parts = text.tokens().get(first..=last).unwrap_or_default();
    let Some(vin) = parts
        .iter()
        .map(|part| super::latin(text.folded(part)))
        .collect::<Option<String>>()
    else {
        return;
    };
    let Ok(vin) = Vin::parse(&vin) else { return };
    let cues = Cues::before(text, first);
    let said = cues.within(Topic::Vin, 8) || cues.within(Topic::Vehicle, 8);
    let found = match (vin.checked, said) {
        (true, true) => (0.99, "vin.checksum-and-context"),
        (true, false) => (0.93, "vin.checksum"),
        (false, true) => (0.93, "vin.context"),
        (false, false) => return,
    };
    out.push(text, first, last, Kind::Vin, found.0, found.1);
}

#[cfg(test)]
mod tests {
    use crate::recognizer::tests::check;

    #[test]
    fn vectors() {
        check(
            super::RECOGNIZER,
            &[
                ("VIN 1M8GDM9AXKP042788.", "VIN 1M8GDM9AXKP042788"),
                ("5GZCZ43D13S812715", "VIN 5GZCZ43D13S812715"),
                ("VIN-код: XTA210990Y2766380", "VIN XTA210990Y2766380"),
                ("XTA210990Y2766380", ""),
                ("VIN 1M8GDM9AXKP04278", ""),
                ("VIN 12345678901234567", ""),
            ],
        );
    }
}
