//! Compares the project's crates with others for the same purpose, and prints ratios of
//! times. On a noisy machine only ratios are meaningful.

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

/// Runs the sections that the arguments name; without arguments, all of them.
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
