//! A machine of many CPUs, run from event to event.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::vec::Vec;

use super::cpu::Habit;
use super::threads::Random;
use crate::{
    Balancer, CpuSet, Cpus, Policy, Previous, QueueState, RunQueue, SchedEntity, Start, busiest,
    place,
};

/// Enough for 1,024 CPUs.
pub(crate) const WORDS: usize = 16;

/// How often an idle CPU looks for threads to take over. (The kernel's halt, and are
/// woken by busy ones.)
const IDLE_LOOK_NS: u64 = 1_000_000;

/// How many waiting threads are looked at for one that may move.
const LOOKS: u32 = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// The slice or the burst of who runs is over, unless the CPU has had another
    /// decision in between.
    Decide {
        cpu: usize,
        decisions: u64,
    },
    Wake(u32),
    /// Looks for threads to take over.
    Look(usize),
}

struct Cpu {
    queue: RunQueue,
    balancer: Balancer,
    decisions: u64,
}

struct Thread {
    habit: Habit,
    /// How much it has run when it blocks.
    run_until_ns: u64,
    cpu: usize,
    allowed: CpuSet<WORDS>,
    waits_ns: u64,
    longest_wait_ns: u64,
}

/// What [`place`], [`busiest`] and [`Balancer`] see.
struct View {
    threads: Vec<u32>,
    loads: Vec<u64>,
    idle: CpuSet<WORDS>,
}

impl View {
    fn note(&mut self, cpu: usize, queue: &RunQueue) {
        (self.threads[cpu], self.loads[cpu]) = (queue.len(), queue.load());
    }
}

impl Cpus<WORDS> for View {
    fn count(&self) -> usize {
        self.loads.len()
    }

    fn threads(&self, cpu: usize) -> u32 {
        self.threads[cpu]
    }

    fn load(&self, cpu: usize) -> u64 {
        self.loads[cpu]
    }

    fn first_idle(&self, allowed: &CpuSet<WORDS>, from: usize) -> Option<usize> {
        allowed.first_common(|word| self.idle.words()[word], from)
    }
}

/// The machine, with its threads and its time.
pub(crate) struct Machine {
    pub(crate) entities: Vec<SchedEntity>,
    pub(crate) now_ns: u64,
    /// The sum over CPUs of the time that one was idle while a thread waited that
    /// any CPU may run.
    pub(crate) wasted_ns: u64,
    /// The sum over CPUs of the time that one was idle.
    pub(crate) idle_ns: u64,
    /// How often a thread came from another CPU.
    pub(crate) moves: u64,
    /// How often a CPU decided.
    pub(crate) decisions: u64,
    cpus: Vec<Cpu>,
    threads: Vec<Thread>,
    view: View,
    events: BinaryHeap<Reverse<(u64, Event)>>,
    random: Random,
    /// How many threads wait that any CPU may run.
    free_waiting: u64,
}

impl Machine {
    pub(crate) fn new(cpus: usize) -> Self {
        let look = |cpu| Reverse((cpu as u64 * IDLE_LOOK_NS / cpus as u64, Event::Look(cpu)));
        Self {
            entities: Vec::new(),
            now_ns: 0,
            wasted_ns: 0,
            idle_ns: 0,
            moves: 0,
            decisions: 0,
            cpus: (0..cpus)
                .map(|_| Cpu { queue: RunQueue::new(), balancer: Balancer::new(), decisions: 0 })
                .collect(),
            threads: Vec::new(),
            view: View {
                threads: std::vec![0; cpus],
                loads: std::vec![0; cpus],
                idle: CpuSet::first(cpus),
            },
            events: (0..cpus).map(look).collect(),
            random: Random(0x1234_5678_9ABC_DEF1),
            free_waiting: 0,
        }
    }

    /// Adds a thread that comes at a time from the first CPU; returns its id.
    pub(crate) fn add(
        &mut self,
        policy: Policy,
        habit: Habit,
        allowed: CpuSet<WORDS>,
        comes_ns: u64,
    ) -> u32 {
        let id = self.entities.len() as u32;
        self.entities.push(SchedEntity::new(policy));
        self.threads.push(Thread {
            habit,
            run_until_ns: 0,
            cpu: 0,
            allowed,
            waits_ns: 0,
            longest_wait_ns: 0,
        });
        self.events.push(Reverse((comes_ns, Event::Wake(id))));
        id
    }

    /// Lets all threads run anywhere.
    pub(crate) fn allow_all(&mut self) {
        let all = CpuSet::first(self.cpus.len());
        self.threads.iter_mut().for_each(|thread| thread.allowed = all);
        let is_waiting = |entity: &&SchedEntity| entity.state() == QueueState::Waiting;
        self.free_waiting = self.entities.iter().filter(is_waiting).count() as u64;
    }

    /// Returns how much a thread ran.
    pub(crate) fn ran_ns(&self, id: u32) -> u64 {
        self.entities[id as usize].run_time_ns()
    }

    /// Returns how long a thread waited at most for its turn.
    pub(crate) fn longest_wait_ns(&self, id: u32) -> u64 {
        let thread = &self.threads[id as usize];
        let is_waiting = self.entities[id as usize].state() == QueueState::Waiting;
        let waits_ns = if is_waiting { self.now_ns - thread.waits_ns } else { 0 };
        thread.longest_wait_ns.max(waits_ns)
    }

    /// Returns how many threads there are on each CPU.
    pub(crate) fn loads(&self) -> &[u32] {
        &self.view.threads
    }

    /// Runs up to a time.
    pub(crate) fn run(&mut self, end_ns: u64) {
        while let Some(Reverse((time_ns, event))) = self.events.peek().copied()
            && time_ns <= end_ns
        {
            self.events.pop();
            self.go_to(time_ns);
            match event {
                Event::Decide { cpu, decisions } if decisions == self.cpus[cpu].decisions => {
                    self.decide(cpu);
                }
                Event::Decide { .. } => {}
                Event::Wake(id) => self.wake(id),
                Event::Look(cpu) => {
                    if self.view.idle.contains(cpu) {
                        self.take_over(cpu);
                    }
                    self.events.push(Reverse((self.now_ns + IDLE_LOOK_NS, Event::Look(cpu))));
                }
            }
        }
        self.go_to(end_ns);
        for cpu in &mut self.cpus {
            cpu.queue.update(self.entities.as_slice(), end_ns);
        }
    }

    fn go_to(&mut self, time_ns: u64) {
        let idle = self.view.idle.len() as u64;
        self.idle_ns += idle * (time_ns - self.now_ns);
        self.wasted_ns += idle.min(self.free_waiting) * (time_ns - self.now_ns);
        self.now_ns = time_ns;
    }

    fn is_free(&self, id: u32) -> bool {
        self.threads[id as usize].allowed.len() == self.cpus.len()
    }

    fn wake(&mut self, id: u32) {
        let random = self.random.below(1 << 32) as u32;
        let waker = self.random.below(self.cpus.len() as u64) as usize;
        let ran_ns = self.ran_ns(id);
        let thread = &mut self.threads[id as usize];
        let start = if thread.run_until_ns == 0 { Start::New } else { Start::Woken };
        thread.run_until_ns = ran_ns.saturating_add(match thread.habit {
            Habit::Hog => u64::MAX,
            Habit::Sleeper { run_ns, .. } | Habit::Yielder { run_ns } => run_ns,
            Habit::Random { run_ns, .. } => 1 + self.random.below(run_ns),
        });
        thread.waits_ns = self.now_ns;
        let cpu = place(&self.view, &thread.allowed, thread.cpu, waker, random);
        assert!(thread.allowed.contains(cpu));
        self.enqueue(cpu, id, start);
    }

    fn enqueue(&mut self, cpu: usize, id: u32, start: Start) {
        self.free_waiting += u64::from(self.is_free(id));
        self.threads[id as usize].cpu = cpu;
        let queue = &mut self.cpus[cpu].queue;
        queue.enqueue(self.entities.as_slice(), id, start, self.now_ns);
        self.view.note(cpu, queue);
        if queue.should_preempt(self.entities.as_slice()) {
            self.pick(cpu, Previous::Runnable);
        } else {
            // Now others wait, so the slice has an end.
            self.plan(cpu);
        }
    }

    /// Lets a CPU take a thread over from another that has more.
    fn take_over(&mut self, cpu: usize) {
        let random = self.random.below(1 << 32) as u32;
        let Some(from) = busiest(&self.view, cpu, random) else {
            return;
        };
        let queue = &mut self.cpus[from].queue;
        queue.update(self.entities.as_slice(), self.now_ns);
        let threads = &self.threads;
        let may_take = |id: u32| threads[id as usize].allowed.contains(cpu);
        let Some(id) = queue.steal(self.entities.as_slice(), may_take, LOOKS) else {
            return;
        };
        self.view.note(from, queue);
        self.moves += 1;
        self.free_waiting -= u64::from(self.is_free(id));
        self.enqueue(cpu, id, Start::Woken);
    }

    /// Passes a thread on to a CPU with less load, if threads here get less.
    fn pass_on(&mut self, cpu: usize) {
        let random = self.random.below(1 << 32) as u32;
        let now_ns = self.now_ns;
        let balancer = &mut self.cpus[cpu].balancer;
        let Some(to) = balancer.partner(&self.view, cpu, random, now_ns) else {
            return;
        };
        let entities = self.entities.as_slice();
        self.cpus[to].queue.update(entities, now_ns);
        let other_time = self.cpus[to].queue.virtual_time();
        let surplus = self.view.loads[cpu].saturating_sub(self.view.loads[to]);
        let Cpu { queue, balancer, .. } = &mut self.cpus[cpu];
        let threads = &self.threads;
        let may_take = |id: u32| threads[id as usize].allowed.contains(to);
        let is_behind = balancer.should_move(to, queue.virtual_time(), other_time, now_ns);
        let lighter = queue.take_lighter(entities, may_take, surplus / 2, LOOKS);
        let Some(id) = lighter
            .or_else(|| is_behind.then(|| queue.take_oldest(entities, may_take, LOOKS)).flatten())
        else {
            return;
        };
        balancer.note_moved();
        self.view.note(cpu, queue);
        self.moves += 1;
        self.free_waiting -= u64::from(self.is_free(id));
        self.enqueue(to, id, Start::Woken);
    }

    /// Decides at the end of a slice or of a burst.
    fn decide(&mut self, cpu: usize) {
        let queue = &mut self.cpus[cpu].queue;
        queue.update(self.entities.as_slice(), self.now_ns);
        let Some(id) = queue.current() else {
            return;
        };
        let is_burst_over = self.ran_ns(id) >= self.threads[id as usize].run_until_ns;
        if is_burst_over {
            let sleep_ns = match self.threads[id as usize].habit {
                Habit::Sleeper { sleep_ns, .. } => sleep_ns,
                Habit::Random { sleep_ns, .. } => 1 + self.random.below(sleep_ns),
                Habit::Hog | Habit::Yielder { .. } => unreachable!("it has no end"),
            };
            self.pick(cpu, Previous::Blocked);
            self.events.push(Reverse((self.now_ns + sleep_ns, Event::Wake(id))));
            return;
        }
        if self.cpus[cpu].queue.len() > 1 {
            self.pass_on(cpu);
        }
        if self.cpus[cpu].queue.should_preempt(self.entities.as_slice()) {
            self.pick(cpu, Previous::Runnable);
        } else {
            self.plan(cpu);
        }
    }

    fn pick(&mut self, cpu: usize, previous: Previous) {
        self.decisions += 1;
        let queue = &mut self.cpus[cpu].queue;
        let old = queue.current();
        let new = queue.pick(self.entities.as_slice(), self.now_ns, previous);
        self.view.note(cpu, queue);
        if let Some(id) = old
            && old != new
            && previous != Previous::Blocked
        {
            self.free_waiting += u64::from(self.is_free(id));
            self.threads[id as usize].waits_ns = self.now_ns;
        }
        if let Some(id) = new
            && old != new
        {
            self.free_waiting -= u64::from(self.is_free(id));
            let thread = &mut self.threads[id as usize];
            thread.longest_wait_ns = thread.longest_wait_ns.max(self.now_ns - thread.waits_ns);
        }
        if new.is_some() {
            self.view.idle.remove(cpu);
            self.plan(cpu);
        } else {
            self.cpus[cpu].decisions += 1;
            self.view.idle.try_insert(cpu).expect("there is room for all");
            self.take_over(cpu);
        }
    }

    /// Plans the next decision.
    fn plan(&mut self, cpu: usize) {
        let Cpu { queue, decisions, .. } = &mut self.cpus[cpu];
        *decisions += 1;
        let Some(id) = queue.current() else {
            return;
        };
        let left_ns = self.threads[id as usize]
            .run_until_ns
            .saturating_sub(self.entities[id as usize].run_time_ns());
        let slice_end_ns = queue.slice_end_ns(self.entities.as_slice()).unwrap_or(u64::MAX);
        let preempt_ns = queue.preempt_ns(self.entities.as_slice()).unwrap_or(u64::MAX);
        let look_ns = slice_end_ns.min(preempt_ns);
        let next_ns = look_ns.min(self.now_ns.saturating_add(left_ns));
        if next_ns != u64::MAX {
            let event = Event::Decide { cpu, decisions: *decisions };
            self.events.push(Reverse((next_ns, event)));
        }
    }
}
