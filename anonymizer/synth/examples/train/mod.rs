//! Logistic regression over the features of sandyq-detect.

pub mod doubts;
pub mod hunspell;
pub mod names;

use std::collections::BTreeMap;

use sandyq_detect::likeness::{STEP, features};
use sandyq_synth::rng::Rng;

/// A form of a word, and whether it is one of a name.
pub struct Example {
    source: &'static str,
    features: Vec<u32>,
    name: bool,
    /// Left out of training, to measure on.
    held: bool,
}

impl Example {
    /// A form of `word`; all forms of a word are left out, or none.
    pub fn new(source: &'static str, word: &str, form: &str, name: bool) -> Self {
        let mut places = Vec::new();
        features(&form.to_lowercase(), |place| places.push(place as u32));
        Self {
            source,
            features: places,
            name,
            held: hash(&word.to_lowercase()).is_multiple_of(10),
        }
    }
}

impl Example {
    /// Of any features.
    pub fn of(source: &'static str, features: Vec<u32>, name: bool, held: bool) -> Self {
        Self {
            source,
            features,
            name,
            held,
        }
    }

    /// As one that nothing is measured on.
    pub fn trained(self) -> Self {
        Self {
            held: false,
            ..self
        }
    }

    /// Takes the first bits of its features for the places of its weights.
    pub fn shift(&mut self, bits: u32) {
        for place in &mut self.features {
            *place >>= bits;
        }
    }

    /// Leaves it out of training, or not.
    pub fn hold(&mut self, held: bool) {
        self.held = held;
    }
}

/// How weights are found.
#[derive(Clone, Copy)]
pub struct Training {
    /// How many weights there are.
    pub weights: usize,
    /// Whether names and others count alike in sum.
    pub balanced: bool,
    /// How much of a weight is taken away at each step.
    pub shrink: f32,
}

/// FNV-1a.
pub fn hash(word: &str) -> u64 {
    word.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3)
    })
}

/// The weights.
pub struct Model(Vec<f32>);

impl Model {
    /// By AdaGrad (J. Duchi et al., 2011), in an order drawn from a seed.
    pub fn train(examples: &[Example], training: Training) -> Self {
        const EPOCHS: usize = 8;
        const RATE: f32 = 0.15;
        let mut weights = vec![0_f32; training.weights];
        let mut squares = vec![1e-4_f32; training.weights];
        let mut order: Vec<usize> = (0..examples.len())
            .filter(|at| !examples[*at].held)
            .collect();
        let names = order.iter().filter(|at| examples[**at].name).count() as f32;
        let others = order.len() as f32 - names;
        let balance = if training.balanced {
            others / names
        } else {
            1.0
        };
        let mut rng = Rng::new(1, 0);
        for _ in 0..EPOCHS {
            for last in (1..order.len()).rev() {
                order.swap(last, rng.below(last + 1));
            }
            for &at in &order {
                let example = &examples[at];
                let sum: f32 = example
                    .features
                    .iter()
                    .map(|place| weights[*place as usize])
                    .sum();
                let target = f32::from(u8::from(example.name));
                let weight = if example.name { balance } else { 1.0 };
                let slope = (1.0 / (1.0 + (-sum).exp()) - target) * weight.min(8.0);
                for &place in &example.features {
                    let place = place as usize;
                    let step = slope + training.shrink * weights[place];
                    squares[place] += step * step;
                    weights[place] -= RATE * step / squares[place].sqrt();
                }
            }
        }
        Self(weights)
    }

    /// One byte a weight.
    pub fn frozen(&self) -> Vec<u8> {
        self.steps().into_iter().map(|step| step as u8).collect()
    }

    fn steps(&self) -> Vec<i8> {
        let frozen = |weight: &f32| (weight / STEP).round().clamp(-127.0, 127.0) as i8;
        self.0.iter().map(frozen).collect()
    }

    /// Prints, for the examples left out, what part of each source has at least so many log-odds.
    pub fn report(&self, examples: &[Example]) {
        const MARKS: [f32; 9] = [-4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 6.0];
        let steps = self.steps();
        let mut sources = BTreeMap::<&str, (usize, [usize; MARKS.len()])>::new();
        for example in examples.iter().filter(|example| example.held) {
            let sum: i32 = example
                .features
                .iter()
                .map(|place| i32::from(steps[*place as usize]))
                .sum();
            let (count, above) = sources.entry(example.source).or_default();
            *count += 1;
            for (place, mark) in MARKS.iter().enumerate() {
                above[place] += usize::from(sum as f32 * STEP >= *mark);
            }
        }
        println!(
            "{:<24} {:>8} {}",
            "source",
            "forms",
            MARKS.map(|mark| format!("{mark:>7}")).concat()
        );
        for (source, (count, above)) in sources {
            let parts = above.map(|above| format!("{:>7.3}", above as f64 / count as f64));
            println!("{source:<24} {count:>8} {}", parts.concat());
        }
    }
}
