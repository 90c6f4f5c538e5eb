//! A controller: its start, its queues, and what happens when it doesn't answer.
//!
//! Each CPU submits to a pair of queues of its own, as far as the controller has as many, whose
//! interrupts it receives. A command that isn't answered in time is looked for in the queue, in case
//! its interrupt was lost; then the controller is asked to abort it; then the controller is reset, and
//! the commands that were in flight are submitted again, a limited number of times. A controller that
//! can't be reset no longer gets access to memory, and its disks are gone.
//!
//! Locks, from outer to inner: the gate, an admin command, a queue.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};

use nvme_protocol::command::{Command, Identify};
use nvme_protocol::completion::{Status, queue_pairs};
use nvme_protocol::identify::IDENTIFY_BYTES;

use super::error::NvmeError;
use super::queue::{ENTRIES_MAX, QueuePair};
use super::registers::Registers;
use crate::arch::cpu::percpu;
use crate::arch::irq::Handler;
use crate::arch::time::clock::now_ns;
use crate::drivers::block::controllers;
use crate::drivers::block::messages::Messages;
use crate::drivers::block::queued::Queue;
use crate::drivers::block::slots::{ANSWER_NS, LOOK_NS, LOOK_WITHOUT_INTERRUPTS_NS, Progress};
use crate::drivers::bus::pci::{Function, OwnedFunction};
use crate::mm::kernel::dma_memory::DmaMemory;
use crate::sync::{Mutex, Rank, RwLock};

/// A controller.
pub(super) struct Controller {
    /// Dropped first, while the function responds.
    messages: Option<Messages>,
    /// Dropped before the memory of the queues, which ends the controller's accesses to it.
    function: OwnedFunction,
    pub(super) number: usize,
    pub(super) registers: Arc<Registers>,
    /// Protects the admin queue from commands of several threads.
    admin: Mutex<Arc<QueuePair>>,
    /// The pairs for transfers; one for each CPU, as far as there are as many.
    queues: Vec<Arc<QueuePair>>,
    /// Held for reading while a command is submitted, and for writing during a reset.
    gate: RwLock<()>,
    is_gone: AtomicBool,
}

impl Controller {
    /// Starts the controller with the number `number`.
    pub(super) fn try_new(function: &Function, number: usize) -> Result<Self, NvmeError> {
        let function = OwnedFunction::try_new(function, "nvme")?;
        // SAFETY: the controller accesses the memory of its queues and of the requests in them, which
        // live until it is stopped or has answered.
        let memory = unsafe { function.map(0, "NVMe")? };
        let registers = Arc::new(Registers::new(memory));
        let capabilities = registers.capabilities();
        if !registers.is_present() {
            return Err(NvmeError::Gone);
        }
        if !capabilities.has_nvm_commands() || capabilities.page_bytes_min() > 4096 {
            return Err(NvmeError::Unsupported);
        }
        let entries = capabilities.queue_entries_max().min(ENTRIES_MAX.into()) as u16;
        let admin = QueuePair::try_new(0, entries, registers.clone()).ok_or(NvmeError::NoMemory)?;
        let mut this = Self {
            messages: None,
            function,
            number,
            registers,
            admin: Mutex::new(Rank::Controller, admin),
            queues: Vec::new(),
            gate: RwLock::new(Rank::ControllerGate, ()),
            is_gone: AtomicBool::new(false),
        };
        // The firmware may have left it at work.
        this.registers.disable()?;
        this.enable()?;
        this.make_queues(entries)?;
        this.create_queues()?;
        Ok(this)
    }

    /// Starts the controller with its admin queues.
    fn enable(&self) -> Result<(), NvmeError> {
        let admin = self.admin.lock();
        // SAFETY: it accesses only the memory of its queues and of requests, see `try_new`.
        unsafe { self.function.allow_memory() };
        Ok(self.registers.enable(admin.submission(), admin.completion(), admin.entries())?)
    }

    /// Makes pairs of queues and vectors, for as many CPUs as the controller supports.
    fn make_queues(&mut self, entries: u16) -> Result<(), NvmeError> {
        let cpus = percpu::all().count() as u16;
        let granted = self.grant_queues(cpus)?;
        let room = |count: u16| self.registers.len_bytes(count + 1) <= self.function.size_of(0);
        let count = (1..=granted.min(cpus)).rev().find(|count| room(*count));
        let count = count.ok_or(NvmeError::Unsupported)?;
        for id in 1..=count {
            let pair = QueuePair::try_new(id, entries, self.registers.clone());
            self.queues.push(pair.ok_or(NvmeError::NoMemory)?);
        }
        let handlers = self.queues.iter().map(|queue| {
            let queue = queue.clone();
            Arc::new(move || queue.take_answers()) as Arc<dyn Handler>
        });
        // The first message is that of the admin queue, which is polled.
        let name = format_args!("nvme{}", self.number);
        self.messages = Messages::try_new(&self.function, &name, 1, handlers);
        Ok(())
    }

    /// Asks for `count` pairs of queues; returns the number of those that the controller grants.
    fn grant_queues(&self, count: u16) -> Result<u16, NvmeError> {
        self.admin(Command::set_queue_pairs(count)).map(queue_pairs)
    }

    /// Makes the controller know its pairs of queues.
    fn create_queues(&self) -> Result<(), NvmeError> {
        for queue in &self.queues {
            let (id, entries) = (queue.id(), queue.entries());
            let vector = self.messages.is_some().then_some(id);
            let [completion, submission] =
                [queue.completion(), queue.submission()].map(|memory| memory.start().as_u64());
            self.admin(Command::create_completion_queue(id, entries, completion, vector))?;
            self.admin(Command::create_submission_queue(id, entries, submission))?;
        }
        Ok(())
    }

    /// Executes an admin command; returns its result. May wait.
    pub(super) fn admin(&self, command: Command) -> Result<u32, NvmeError> {
        let queue = self.admin.lock();
        let slot = queue.slots.take();
        let deadline_ns = now_ns() + ANSWER_NS;
        let progress = match queue.submit(slot, command) {
            true => queue
                .slots
                .wait_looking(slot, deadline_ns, LOOK_WITHOUT_INTERRUPTS_NS, || self.look(&queue)),
            false => Progress::Reset,
        };
        let result = match progress {
            Progress::Ended(status) if Status(status).is_success() => Ok(queue.result(slot)),
            Progress::Ended(status) => Err(NvmeError::Refused(Status(status))),
            Progress::InFlight if !self.registers.is_present() => return Err(NvmeError::Gone),
            // The slot stays taken, because the answer may still come.
            Progress::InFlight => return Err(NvmeError::NoAnswer),
            Progress::Reset => Err(NvmeError::NoAnswer),
        };
        queue.slots.free(slot);
        result
    }

    /// Asks for properties.
    pub(super) fn identify(&self, what: Identify) -> Result<[u8; IDENTIFY_BYTES], NvmeError> {
        let memory = DmaMemory::try_new_zeroed(IDENTIFY_BYTES).ok_or(NvmeError::NoMemory)?;
        let answer = self.admin(Command::identify(what, memory.start().as_u64()));
        if answer == Err(NvmeError::NoAnswer) {
            // The controller may still write to the memory.
            self.stop();
        }
        answer?;
        let mut bytes = [0; IDENTIFY_BYTES];
        memory.read_bytes(0, &mut bytes);
        Ok(bytes)
    }

    /// Takes the answers of a queue. Returns whether the controller still works.
    fn look(&self, queue: &QueuePair) -> bool {
        queue.take_answers();
        self.registers.is_present()
    }

    /// Returns the pair of queues of this CPU.
    pub(super) fn queue_here(&self) -> &QueuePair {
        &self.queues[percpu::current().id().index() % self.queues.len()]
    }

    /// Returns the pair of queues with this number.
    pub(super) fn queue(&self, id: u16) -> &QueuePair {
        &self.queues[usize::from(id) - 1]
    }

    /// Submits a command in a slot that was taken. May wait for the end of a reset.
    pub(super) fn submit(&self, queue: &QueuePair, slot: u16, command: Command) -> bool {
        let _gate = self.gate.read();
        !self.is_gone() && queue.submit(slot, command)
    }

    /// Waits until a command has ended, and resets the controller if it doesn't. May wait.
    pub(super) fn wait(&self, queue: &QueuePair, slot: u16) -> Progress {
        let answers = Messages::answers(self.messages.as_ref());
        match queue.slots.wait_for_answer(slot, answers, || self.look(queue)) {
            Progress::InFlight => self.recover(queue, slot),
            progress => progress,
        }
    }

    /// Makes a command end that the controller doesn't answer.
    fn recover(&self, queue: &QueuePair, slot: u16) -> Progress {
        let number = self.number;
        if self.registers.is_present() && !self.is_gone() {
            log::warn!("nvme{number}: no answer in {} s; aborting", ANSWER_NS / 1_000_000_000);
            let abort = Command::abort(queue.id(), queue.slots.identifier(slot));
            if self.admin(abort).is_ok() {
                let deadline_ns = now_ns() + LOOK_NS;
                let look_ns = LOOK_WITHOUT_INTERRUPTS_NS;
                let look = || self.look(queue);
                let progress = queue.slots.wait_looking(slot, deadline_ns, look_ns, look);
                if progress != Progress::InFlight {
                    return progress;
                }
            }
        }
        let _gate = self.gate.write();
        // Another waiter may have reset it in the meantime.
        let progress = queue.slots.progress(slot);
        if progress != Progress::InFlight {
            return progress;
        }
        log::warn!("nvme{number}: resetting the controller");
        if let Err(error) = self.reset() {
            log::error!("nvme{number}: {error}; its disks are gone");
            self.stop();
        }
        queue.slots.progress(slot)
    }

    /// Stops the controller and starts it again. The gate is closed.
    fn reset(&self) -> Result<(), NvmeError> {
        self.registers.disable()?;
        self.reset_queues();
        self.enable()?;
        self.grant_queues(self.queues.len() as u16)?;
        self.create_queues()
    }

    fn reset_queues(&self) {
        self.admin.lock().reset();
        self.queues.iter().for_each(|queue| queue.reset());
    }

    /// Ends the accesses of the controller to memory, for ever. Commands in flight end.
    fn stop(&self) {
        self.is_gone.store(true, Ordering::Release);
        self.function.forbid_memory();
        self.reset_queues();
    }

    /// Returns whether the controller has been stopped, or has been removed.
    pub(super) fn is_gone(&self) -> bool {
        self.is_gone.load(Ordering::Acquire)
    }

    /// Logs what the start has found.
    pub(super) fn log_start(&self, model: &str, serial: &str) {
        let interrupts = Messages::count(self.messages.as_ref());
        log::info!(
            "nvme{}: {model}, serial number {serial}; {} queues, {interrupts} interrupts",
            self.number,
            self.queues.len(),
        );
    }
}

impl controllers::Controller for Controller {
    fn shut_down(&self) {
        let _gate = self.gate.write();
        if self.is_gone() {
            return;
        }
        if let Err(error) = self.registers.shut_down() {
            log::error!("nvme{}: not shut down: {}", self.number, NvmeError::from(error));
        }
        self.stop();
    }

    fn strays(&self) -> u64 {
        self.queues.iter().map(|queue| queue.strays()).sum()
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        // The memory of the queues is freed after this.
        self.function.forbid_memory();
    }
}
