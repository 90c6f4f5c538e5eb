//! Measures the project's crates beside others that do the same, and prints ratios
//! of times. The figures of a noisy machine are only good for ratios.

mod candidates;
mod frames;
mod heap;
mod mapper;
mod measure;
mod memory;
mod random;

use std::process::ExitCode;

const SECTIONS: [(&str, fn()); 3] =
    [("mapper", mapper::run), ("frames", frames::run), ("heap", heap::run)];

/// Runs the sections that are named as arguments; all of them without any.
fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let is_known = |name: &String| SECTIONS.iter().any(|(section, _)| section == name);
    if !wanted.iter().all(is_known) {
        eprintln!("usage: host-bench [mapper] [frames] [heap]");
        return ExitCode::from(2);
    }
    for (name, run) in SECTIONS {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            run();
        }
    }
    ExitCode::SUCCESS
}
