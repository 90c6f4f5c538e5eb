//! The buffer and the sums, compared with naive models.

use super::*;
use core::fmt;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::string::String;
use std::vec::Vec;
use std::{format, vec};

/// A sample, as the model has it.
#[derive(Clone, Debug)]
struct Pushed {
    name: String,
    process: u32,
    thread: u64,
    mode: Mode,
    addresses: Vec<u64>,
}

impl Pushed {
    fn owner(&self) -> Owner {
        Owner::new(&self.name, self.process, self.thread)
    }

    /// The frames, outermost first: a return address belongs to the instruction before it.
    fn frames(&self) -> Vec<u64> {
        let kept = self.addresses.iter().take(FRAMES_MAX).enumerate();
        let mut frames: Vec<_> =
            kept.map(|(depth, address)| frame(address - u64::from(depth > 0))).collect();
        frames.reverse();
        frames
    }
}

/// Functions of the tests have 16 bytes.
fn frame(instruction: u64) -> u64 {
    instruction & !15
}

fn pushed() -> impl Strategy<Value = Pushed> {
    let addresses = prop_oneof![
        prop::collection::vec(1_u64..80, 1..5),
        prop::collection::vec(1_u64..40, 60..70),
    ];
    let name = prop_oneof![Just("sh"), Just("a b;c"), Just("näme of more than 24 bytes, cüt")];
    (name, 0_u32..3, 0_u64..3, any::<bool>(), addresses).prop_map(
        |(name, process, thread, is_program, addresses)| {
            let mode = if is_program { Mode::Program } else { Mode::Kernel };
            Pushed { name: name.into(), process, thread, mode, addresses }
        },
    )
}

fn push(buffer: &SampleBuffer, sample: &Pushed) {
    buffer.push(&sample.owner(), sample.mode, sample.addresses.iter().copied());
}

fn profile_of(samples: &[Pushed]) -> Profile {
    let buffer = SampleBuffer::try_new(1 << 20).unwrap();
    samples.iter().for_each(|sample| push(&buffer, sample));
    assert_eq!(buffer.lost(), 0);
    Profile::try_new(buffer.samples(), |_, instruction| frame(instruction)).unwrap()
}

fn write_frame(mode: Mode, frame: u64, out: &mut dyn fmt::Write) -> fmt::Result {
    write!(out, "{}; {frame}", if mode == Mode::Program { "p" } else { "k" })
}

fn folded(profile: &Profile) -> String {
    let mut text = String::new();
    profile.write_folded(&mut text, write_frame).unwrap();
    text
}

proptest! {
    #[test]
    fn sort_is_that_of_std(numbers in prop::collection::vec(0_u8..40, 0..100)) {
        let (mut sorted, mut expected) = (numbers.clone(), numbers);
        heap_sort::sort_by(&mut sorted, |one, other| other.cmp(one));
        expected.sort_by(|one, other| other.cmp(one));
        prop_assert_eq!(sorted, expected);
    }

    #[test]
    fn buffer_keeps_samples_while_they_have_room(
        samples in prop::collection::vec(pushed(), 0..40),
        words in 0_usize..600,
    ) {
        let buffer = SampleBuffer::try_new(words * 8 + 7).unwrap();
        let (mut kept, mut used, mut lost) = (vec![], 0, 0);
        for sample in &samples {
            push(&buffer, sample);
            let len = 5 + sample.addresses.len().min(FRAMES_MAX);
            if used + len <= words {
                used += len;
                kept.push(sample);
            } else {
                lost += 1;
            }
        }
        prop_assert_eq!((buffer.kept(), buffer.lost()), (kept.len() as u64, lost));
        let found: Vec<_> = buffer.samples().collect();
        prop_assert_eq!(found.len(), kept.len());
        for (found, kept) in found.iter().zip(kept) {
            prop_assert_eq!(found.owner, kept.owner());
            prop_assert_eq!(found.mode, kept.mode);
            prop_assert_eq!(found.is_cut, kept.addresses.len() > FRAMES_MAX);
            let mut frames: Vec<_> = found.instructions().map(frame).collect();
            frames.reverse();
            prop_assert_eq!(frames, kept.frames());
        }
    }

    #[test]
    fn folded_stacks_are_those_of_a_map(samples in prop::collection::vec(pushed(), 0..60)) {
        let profile = profile_of(&samples);
        let mut expected: BTreeMap<String, u64> = BTreeMap::new();
        for sample in &samples {
            let mut line = sample.owner().name().replace([' ', ';'], "_").replace("a_b_c", "a_b,c");
            if sample.addresses.len() > FRAMES_MAX {
                line += ";[cut]";
            }
            let kind = if sample.mode == Mode::Program { "p" } else { "k" };
            for frame in sample.frames() {
                line += &format!(";{kind},_{frame}");
            }
            *expected.entry(line).or_default() += 1;
        }
        let text = folded(&profile);
        let mut found: BTreeMap<String, u64> = BTreeMap::new();
        for line in text.lines() {
            let (stack, count) = line.rsplit_once(' ').unwrap();
            prop_assert!(found.insert(stack.into(), count.parse().unwrap()).is_none(), "{}", stack);
        }
        prop_assert_eq!(found, expected);
        prop_assert_eq!(profile.samples(), samples.len() as u64);
    }

    #[test]
    fn sums_are_those_of_maps(samples in prop::collection::vec(pushed(), 0..60)) {
        let profile = profile_of(&samples);
        let mut functions: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
        let mut owners: BTreeMap<Owner, (u64, u64)> = BTreeMap::new();
        for sample in &samples {
            let frames = sample.frames();
            for frame in frames.iter().collect::<BTreeSet<_>>() {
                functions.entry(*frame).or_default().1 += 1;
            }
            if let Some(last) = frames.last() {
                functions.entry(*last).or_default().0 += 1;
            }
            let counts = owners.entry(sample.owner()).or_default();
            match sample.mode {
                Mode::Program => counts.0 += 1,
                Mode::Kernel => counts.1 += 1,
            }
        }
        let found = profile.functions().unwrap();
        prop_assert!(found.is_sorted_by(|one, next| (one.own, one.total) >= (next.own, next.total)));
        let found: BTreeMap<_, _> =
            found.into_iter().map(|count| (count.frame, (count.own, count.total))).collect();
        prop_assert_eq!(found, functions);
        let found = profile.owners().unwrap();
        let all = |count: &OwnerCount| count.program + count.kernel;
        prop_assert!(found.is_sorted_by(|one, next| all(one) >= all(next)));
        let found: BTreeMap<_, _> =
            found.into_iter().map(|it| (it.owner, (it.program, it.kernel))).collect();
        prop_assert_eq!(found, owners);
    }
}

#[test]
fn lines_have_the_format_of_flame_graph_tools() {
    let sample = |name: &str, thread, addresses: &[u64]| Pushed {
        name: name.into(),
        process: 7,
        thread,
        mode: Mode::Kernel,
        addresses: addresses.into(),
    };
    // Innermost first; the second and third are return addresses, here to the start of the next
    // function.
    let profile = profile_of(&[
        sample("sh", 1, &[0x10, 0x30, 0x50]),
        sample("sh", 2, &[0x1F, 0x30, 0x50]),
        sample("sh", 1, &[0x10]),
        sample("idle one", 3, &[]),
    ]);
    let mut text = String::new();
    profile.write_folded(&mut text, |_, frame, out| write!(out, "f{frame:x}")).unwrap();
    assert_eq!(text, "idle_one 1\nsh;f10 1\nsh;f40;f20;f10 2\n");
}

#[test]
fn counts_beside_the_samples() {
    let buffer = SampleBuffer::try_new(0).unwrap();
    buffer.note_idle();
    buffer.note_idle();
    buffer.lose();
    push(
        &buffer,
        &Pushed { name: "".into(), process: 0, thread: 0, mode: Mode::Kernel, addresses: vec![] },
    );
    assert_eq!((buffer.idle(), buffer.lost(), buffer.samples().count()), (2, 2, 0));
    assert!(SampleBuffer::try_new(usize::MAX).is_err());
}
