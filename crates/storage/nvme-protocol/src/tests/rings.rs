//! Queues, against a controller that takes commands and answers them in any order.

use std::collections::VecDeque;
use std::vec;

use proptest::prelude::*;

use crate::ring::{CompletionRing, SubmissionRing};

#[test]
fn head_that_the_controller_cannot_have_reached_is_refused() {
    let mut ring = SubmissionRing::new(4);
    assert_eq!(
        [ring.push(), ring.push(), ring.push(), ring.push()],
        [Some(0), Some(1), Some(2), None]
    );
    assert!(!ring.set_head(4));
    assert!(ring.set_head(2));
    assert!(!ring.set_head(1));
    assert_eq!(ring.push(), Some(3));
    assert_eq!(ring.tail(), 0);
    assert!(ring.set_head(0) && !ring.is_full());
}

proptest! {
    #[test]
    fn every_command_is_answered_once(
        entries in 2_u16..9,
        steps in prop::collection::vec((0_u8..3, any::<u8>()), 1..300),
    ) {
        let size = usize::from(entries);
        let mut submission = SubmissionRing::new(entries);
        let mut completion = CompletionRing::new(entries);
        // The queues in memory. An answer is the head of the submission queue and the command.
        let mut commands = vec![0_u32; size];
        let mut answers = vec![((0_u16, 0_u32), false); size];
        // The controller's positions.
        let (mut taken_at, mut answer_at, mut phase) = (0, 0, true);
        let mut taken = VecDeque::new();
        let (mut next, mut submitted, mut answered, mut done) = (0_u32, 0, 0, 0);
        let mut waiting = std::collections::BTreeSet::new();
        for (step, which) in steps {
            match step {
                0 => {
                    if let Some(at) = submission.push() {
                        commands[usize::from(at)] = next;
                        waiting.insert(next);
                        next += 1;
                        submitted += 1;
                    } else {
                        prop_assert!(submission.is_full());
                    }
                }
                1 => {
                    if taken_at != submission.tail() {
                        taken.push_back(commands[usize::from(taken_at)]);
                        taken_at = (taken_at + 1) % entries;
                    }
                    // The driver never has more commands than the completion queue has entries.
                    if !taken.is_empty() && answered - done < size {
                        let command = taken.remove(usize::from(which) % taken.len()).unwrap();
                        answers[answer_at] = ((taken_at, command), phase);
                        answer_at = (answer_at + 1) % size;
                        phase ^= answer_at == 0;
                        answered += 1;
                    }
                }
                _ => {
                    let ((head, command), phase) = answers[usize::from(completion.head())];
                    let is_new = completion.take(phase);
                    prop_assert_eq!(is_new, answered > done);
                    if is_new {
                        done += 1;
                        prop_assert!(submission.set_head(head));
                        prop_assert!(waiting.remove(&command));
                    }
                }
            }
            prop_assert!(done <= answered && answered <= submitted);
        }
    }
}
