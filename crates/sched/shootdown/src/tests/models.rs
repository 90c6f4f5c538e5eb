//! Models of two and three CPUs.

use std::vec::Vec;

use loom::sync::Arc;
use loom::thread;

use super::machine::{Machine, check, relax, request};
use crate::{Request, Shootdown, Target};

/// Runs `program` on CPUs 1 up to, not including, `CPUS`, and in this thread on CPU 0.
fn on_all<const CPUS: usize>(program: fn(&Machine<CPUS>, usize)) -> Arc<Machine<CPUS>> {
    let machine = Arc::new(Machine::new());
    let others: Vec<_> = (1..CPUS)
        .map(|cpu| {
            let machine = machine.clone();
            thread::spawn(move || program(&machine, cpu))
        })
        .collect();
    program(&machine, 0);
    others.into_iter().for_each(|other| other.join().expect("it doesn't fail"));
    (0..CPUS).for_each(|cpu| assert!(!machine.shootdown.is_pending(cpu)));
    machine
}

#[test]
fn frames_are_unused_after_a_shootdown_by_interrupt() {
    check(None, || {
        on_all::<2>(|machine, cpu| match cpu {
            0 => assert_eq!(machine.unmap(0, 0b11), 0),
            _ => {
                machine.write(cpu, 0);
                machine.handle_interrupts(cpu, 1);
                assert!(!machine.write(cpu, 0));
            }
        })
        .assert_frame_is_new(0);
    });
}

#[test]
fn frames_are_unused_after_a_shootdown_answered_in_a_wait() {
    check(None, || {
        on_all::<2>(|machine, cpu| match cpu {
            0 => assert_eq!(machine.unmap(0, 0b11), 0),
            _ => {
                machine.write(cpu, 0);
                machine.spin(cpu, 1);
                assert!(!machine.write(cpu, 0));
            }
        })
        .assert_frame_is_new(0);
    });
}

#[test]
fn frames_are_unused_after_a_shootdown_of_two_targets() {
    check(2, || {
        on_all::<3>(|machine, cpu| match cpu {
            0 => assert_eq!(machine.unmap(0, 0b110), 0),
            _ => {
                machine.write(cpu, 0);
                if cpu == 1 {
                    machine.spin(cpu, 1)
                } else {
                    machine.handle_interrupts(cpu, 1)
                }
                assert!(!machine.write(cpu, 0));
            }
        })
        .assert_frame_is_new(0);
    });
}

#[test]
fn two_initiators_answer_each_other() {
    check(None, || {
        let machine = on_all::<2>(|machine, cpu| {
            machine.write(cpu, 1 - cpu);
            let answered = machine.unmap(cpu, 0b11);
            machine.spin(cpu, 1 - answered);
            assert!(!machine.write(cpu, 1 - cpu));
        });
        machine.assert_frame_is_new(0);
        machine.assert_frame_is_new(1);
    });
}

#[test]
fn three_initiators_answer_each_other() {
    check(1, || {
        let machine = on_all::<3>(|machine, cpu| {
            machine.write(cpu, (cpu + 1) % 3);
            let answered = machine.unmap(cpu, 0b111);
            machine.handle_interrupts(cpu, 2 - answered);
            assert!(!machine.write(cpu, (cpu + 1) % 3));
        });
        (0..3).for_each(|page| machine.assert_frame_is_new(page));
    });
}

#[test]
fn requests_without_an_interrupt_are_answered() {
    check(3, || {
        let machine = on_all::<3>(|machine, cpu| match cpu {
            0 => machine.handle_interrupts(cpu, 2),
            _ => assert_eq!(machine.unmap(cpu, 0b001), 0),
        });
        machine.assert_frame_is_new(1);
        machine.assert_frame_is_new(2);
    });
}

#[test]
fn an_interrupt_after_an_answer_is_not_missed() {
    check(3, || {
        on_all::<3>(|machine, cpu| match cpu {
            0 => {
                let answered = machine.answer(cpu);
                machine.handle_interrupts(cpu, 2 - answered);
            }
            _ => assert_eq!(machine.unmap(cpu, 0b001), 0),
        });
    });
}

#[test]
fn requests_arrive_whole_and_in_order() {
    check(None, || {
        let shootdown = Arc::new(Shootdown::<2, 1>::new());
        let target = thread::spawn({
            let shootdown = shootdown.clone();
            move || {
                let mut got = Vec::new();
                let mut relax = relax();
                while got.len() < 3 {
                    shootdown.answer(1, |request| got.push(request));
                    relax();
                }
                assert_eq!(got, [5, 6, 7].map(request));
            }
        });
        for number in [5, 6, 7] {
            let mut relax = relax();
            let turn = |_| {
                relax();
                Target::Running
            };
            shootdown.run(0, request(number), &[0b10], |_| (), |_| (), turn);
        }
        target.join().expect("it doesn't fail");
    });
}

#[test]
fn an_answer_may_be_interrupted_by_another() {
    check(2, || {
        let shootdown = Arc::new(Shootdown::<3, 1>::new());
        let initiators = [0, 1].map(|cpu| {
            let shootdown = shootdown.clone();
            thread::spawn(move || {
                let mut relax = relax();
                let turn = |_| {
                    relax();
                    Target::Running
                };
                shootdown.run(cpu, request(cpu), &[0b100], |_| (), |_| (), turn);
            })
        });
        let mut got: Vec<Request> = Vec::new();
        let mut relax = relax();
        while got.len() < 2 {
            shootdown.answer(2, |request| {
                shootdown.answer(2, |request| got.push(request));
                got.push(request);
            });
            relax();
        }
        initiators.into_iter().for_each(|it| it.join().expect("it doesn't fail"));
        got.sort_by_key(|request| request.start);
        assert_eq!(got, [0, 1].map(request));
    });
}

#[test]
fn a_stopped_target_is_not_waited_for() {
    check(2, || {
        let shootdown = Arc::new(Shootdown::<3, 1>::new());
        let target = thread::spawn({
            let shootdown = shootdown.clone();
            move || {
                let mut got = Vec::new();
                let mut relax = relax();
                while got.is_empty() {
                    shootdown.answer(2, |request| got.push(request));
                    relax();
                }
                assert_eq!(got, [request(0)]);
            }
        });
        let mut relax = relax();
        let turn = |target| {
            if target == 1 {
                return Target::Stopped;
            }
            relax();
            Target::Running
        };
        shootdown.run(0, request(0), &[0b110], |_| (), |_| (), turn);
        target.join().expect("it doesn't fail");
        assert!(!shootdown.is_pending(1));
        // When it runs again it gets only the new request.
        let mut got = Vec::new();
        let interrupt = |target| shootdown.answer(target, |request| got.push(request));
        shootdown.run(0, request(4), &[0b010], interrupt, |_| (), |_| Target::Running);
        assert_eq!(got, [request(4)]);
    });
}
