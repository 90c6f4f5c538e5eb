//! Measures candidates in turn, so that other load on the machine affects all of them
//! equally.

use std::time::{Duration, Instant};

/// The number of measurements of each candidate. It is a multiple of twice the number of
/// candidates, so that all orders occur equally often.
const ROUNDS: usize = 24;

/// The time of one round of a candidate, and its result.
pub struct Sample {
    time: Duration,
    /// The checksum, equal for all candidates and all rounds.
    checksum: u64,
}

impl Sample {
    /// Measures `work`; its result becomes the checksum.
    pub fn of(work: impl FnOnce() -> u64) -> Self {
        let start = Instant::now();
        let checksum = std::hint::black_box(work());
        Self { time: start.elapsed(), checksum }
    }

    /// Adds `check`, a result of code that isn't measured, to the checksum.
    pub fn checked(self, check: u64) -> Self {
        Self { checksum: self.checksum.rotate_left(1) ^ check, ..self }
    }
}

/// A candidate: prepares a round, measures it and cleans up.
pub type Candidate<'a> = Box<dyn FnMut() -> Sample + 'a>;

/// The time of the first candidate, divided by the time of another.
#[derive(Clone, Copy)]
pub struct Ratio {
    /// The ratio of the medians.
    pub median: f64,
    /// The ratio of the minimums.
    pub minimum: f64,
}

/// Measures all candidates in each round, and compares the first with each of the others.
///
/// # Panics
/// If the checksums of the candidates differ.
pub fn compare<const N: usize>(name: &str, mut candidates: [Candidate<'_>; N]) -> Vec<Ratio> {
    assert!(ROUNDS.is_multiple_of(2 * N), "not all orders occur equally often");
    let mut times = [const { Vec::new() }; N];
    let mut expected = None;
    // The first round is not counted.
    for round in 0..=ROUNDS {
        for place in 0..N {
            // The order is rotated, and reversed every other time.
            let turn = if (round / N).is_multiple_of(2) { place } else { N - 1 - place };
            let candidate = (turn + round) % N;
            let Sample { time, checksum } = candidates[candidate]();
            assert_eq!(*expected.get_or_insert(checksum), checksum, "{name}, {candidate}");
            if round > 0 {
                times[candidate].push(time);
            }
        }
    }
    times.iter_mut().for_each(|times| times.sort_unstable());
    let ratio = |other: &Vec<Duration>, at: usize| {
        times[0][at].as_secs_f64() / other[at].max(Duration::from_nanos(1)).as_secs_f64()
    };
    let others = times[1..].iter();
    others
        .map(|other| Ratio { median: ratio(other, ROUNDS / 2), minimum: ratio(other, 0) })
        .collect()
}

/// A table of ratios, printed row by row.
pub struct Table {
    label_columns: usize,
}

impl Table {
    /// Prints the head. `meaning` explains a ratio; `others` are the candidates with
    /// which the first is compared.
    pub fn new(title: &str, meaning: &str, first_column: &str, others: &[&str]) -> Self {
        let label_columns = 58;
        println!("\n{title}\n{meaning}\n");
        print!("{:label_columns$}", "");
        others.iter().for_each(|other| print!("{other:>24}"));
        print!("\n{first_column:label_columns$}");
        others.iter().for_each(|_| print!("{:>14}{:>10}", "median", "minimum"));
        println!();
        Self { label_columns }
    }

    /// Measures and prints a row.
    pub fn row<const N: usize>(&self, label: &str, candidates: [Candidate<'_>; N]) {
        print!("{label:width$}", width = self.label_columns);
        for Ratio { median, minimum } in compare(label, candidates) {
            print!("{:>14}{:>10}", two_digits(median), two_digits(minimum));
        }
        println!();
    }
}

/// Formats a ratio with at least two significant digits.
fn two_digits(ratio: f64) -> String {
    if ratio < 0.1 { format!("{ratio:.3}") } else { format!("{ratio:.2}") }
}
