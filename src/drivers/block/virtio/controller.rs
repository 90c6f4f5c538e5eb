//! A device: its start, its queues, and what happens when it doesn't answer.
//!
//! Each CPU submits to a queue of its own, as far as the device has as many, whose interrupts it
//! receives. A request that isn't answered in time is looked for in the queue, in case its interrupt
//! was lost; then the device is reset, and the requests that were in flight are submitted again, a
//! limited number of times. A device that can't be reset, or that reports that it can't go on, no
//! longer gets access to memory, and its disk is gone.
//!
//! Locks, from outer to inner: the gate, a queue.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};

use virtio_protocol::block::{Config, IDENTITY_BYTES, Kind, Status, identity};
use virtio_protocol::features::Features;

use super::error::VirtioError;
use super::queue::{Descriptors, Queue};
use super::registers::Registers;
use crate::arch::cpu::percpu;
use crate::arch::irq::Handler;
use crate::drivers::block::controllers;
use crate::drivers::block::messages::Messages;
use crate::drivers::block::request::{IoError, Operation, Request, Segment};
use crate::drivers::block::slots::{ANSWER_NS, Progress};
use crate::drivers::bus::pci::{Function, OwnedFunction};
use crate::mm::kernel::frames::{Purpose, SharedFrame};
use crate::mm::kernel::layout::FRAME_BYTES;
use crate::sync::{Rank, RwLock};

/// The name of the driver.
pub const NAME: &str = "virtio-blk";

/// A device.
pub(super) struct Controller {
    /// Dropped first, while the function responds.
    messages: Option<Messages>,
    /// Dropped before the memory of the queues, which ends the device's accesses to it.
    function: OwnedFunction,
    pub(super) name: String,
    registers: Arc<Registers>,
    features: Features,
    pub(super) config: Config,
    /// One for each CPU, as far as there are as many.
    queues: Vec<Arc<Queue>>,
    /// Held for reading while a request is submitted, and for writing during a reset.
    gate: RwLock<()>,
    is_gone: AtomicBool,
}

impl Controller {
    /// Starts the device, whose disk is `name`.
    pub(super) fn try_new(function: &Function, name: String) -> Result<Self, VirtioError> {
        let function = OwnedFunction::try_new(function, NAME)?;
        let registers = Arc::new(Registers::try_new(&function)?);
        if !registers.is_present() {
            return Err(VirtioError::Gone);
        }
        // The firmware may have left it at work.
        registers.reset()?;
        let features = registers.negotiate()?;
        let config = Config::from_bytes(&registers.config(), features)?;
        if u64::from(config.segment_bytes_max) < FRAME_BYTES {
            return Err(VirtioError::Queues);
        }
        let mut this = Self {
            messages: None,
            function,
            name,
            registers,
            features,
            config,
            queues: Vec::new(),
            gate: RwLock::new(Rank::ControllerGate, ()),
            is_gone: AtomicBool::new(false),
        };
        this.make_queues()?;
        this.enable_queues()?;
        Ok(this)
    }

    /// Makes queues and their messages, for as many CPUs as the device supports.
    fn make_queues(&mut self) -> Result<(), VirtioError> {
        let cpus = percpu::all().count() as u16;
        let count = self.config.queues.min(self.registers.queues()).min(cpus);
        let descriptors = match self.features.has(Features::INDIRECT_DESC) {
            true => Descriptors::Indirect,
            false => Descriptors::Direct,
        };
        let segments_max = self.config.segments_max;
        for index in 0..count {
            let queue = Queue::try_new(index, self.registers.clone(), descriptors, segments_max)?;
            self.queues.push(queue);
        }
        if self.queues.is_empty() {
            return Err(VirtioError::Queues);
        }
        let handlers = self.queues.iter().map(|queue| {
            let queue = queue.clone();
            Arc::new(move || queue.take_answers()) as Arc<dyn Handler>
        });
        self.messages = Messages::try_new(&self.function, &self.name, 0, handlers);
        Ok(())
    }

    /// Makes the device, with which the features are agreed on, work on its queues.
    fn enable_queues(&self) -> Result<(), VirtioError> {
        // SAFETY: it accesses only the memory of its queues and of requests, see `Registers`.
        unsafe { self.function.allow_memory() };
        let answers = Messages::answers(self.messages.as_ref());
        for queue in &self.queues {
            queue.enable(answers)?;
        }
        self.registers.start();
        Ok(())
    }

    /// Asks for the identity of the disk; empty if it has none.
    pub(super) fn identity(&self) -> Result<String, VirtioError> {
        let frame = SharedFrame::try_new_zeroed(Purpose::Devices).ok_or(VirtioError::NoMemory)?;
        let bytes = frame.try_clone().map_err(|_| VirtioError::NoMemory)?;
        let segments = vec![Segment { frame, range: 0..IDENTITY_BYTES }];
        let queue = self.queue_here();
        let slot = queue.slots.take();
        queue.slots.keep(slot, Request { operation: Operation::Read, sector: 0, segments });
        let progress = match self.submit(queue, slot, Kind::Identify, 0) {
            Ok(()) => self.wait(queue, slot),
            Err(_) => Progress::Reset,
        };
        queue.slots.free(slot);
        let mut text = [0; IDENTITY_BYTES];
        match progress {
            Progress::Ended(status) if Status(status as u8).is_success() => {
                bytes.bytes(0..IDENTITY_BYTES).read(&mut text);
            }
            _ if self.is_gone() => return Err(VirtioError::Gone),
            _ => {}
        }
        Ok(identity(&text).into())
    }

    /// Returns the most segments of a request.
    pub(super) fn segments_max(&self) -> u16 {
        self.queues.iter().map(|queue| queue.segments_max()).min().unwrap_or(1)
    }

    /// Returns the queue of this CPU.
    pub(super) fn queue_here(&self) -> &Queue {
        &self.queues[percpu::current().id().index() % self.queues.len()]
    }

    /// Returns the queue with this number.
    pub(super) fn queue(&self, index: u16) -> &Queue {
        &self.queues[usize::from(index)]
    }

    /// Submits the request of a slot. May wait for the end of a reset.
    pub(super) fn submit(
        &self,
        queue: &Queue,
        slot: u16,
        kind: Kind,
        unit: u64,
    ) -> Result<(), IoError> {
        let _gate = self.gate.read();
        if self.is_gone() {
            return Err(IoError::Gone);
        }
        let submit = |request: &Request| queue.submit(slot, kind, unit, &request.segments);
        match queue.slots.with_request(slot, submit) {
            Some(Ok(true)) => Ok(()),
            Some(Ok(false)) => Err(IoError::Failed),
            Some(Err(_)) | None => Err(IoError::Invalid),
        }
    }

    /// Waits until a request has ended, and resets the device if it doesn't. May wait.
    pub(super) fn wait(&self, queue: &Queue, slot: u16) -> Progress {
        let answers = Messages::answers(self.messages.as_ref());
        let look = || {
            queue.take_answers();
            !self.registers.needs_reset()
        };
        match queue.slots.wait_for_answer(slot, answers, look) {
            Progress::InFlight => self.recover(queue, slot),
            progress => progress,
        }
    }

    /// Makes a request end that the device doesn't answer.
    fn recover(&self, queue: &Queue, slot: u16) -> Progress {
        let _gate = self.gate.write();
        // Another waiter may have reset it in the meantime.
        let progress = queue.slots.progress(slot);
        if progress != Progress::InFlight {
            return progress;
        }
        let name = &self.name;
        if !self.registers.is_present() {
            log::error!("{name}: the device is gone");
            self.stop();
        } else if self.registers.needs_reset() {
            log::error!("{name}: the device reports that it can't go on; the disk is gone");
            self.stop();
        } else {
            let seconds = ANSWER_NS / 1_000_000_000;
            log::warn!("{name}: no answer in {seconds} s; resetting the device");
            if let Err(error) = self.reset() {
                log::error!("{name}: {error}; the disk is gone");
                self.stop();
            }
        }
        queue.slots.progress(slot)
    }

    /// Stops the device and starts it again. The gate is closed.
    fn reset(&self) -> Result<(), VirtioError> {
        self.registers.reset()?;
        self.queues.iter().for_each(|queue| queue.reset());
        if self.registers.negotiate()? != self.features {
            return Err(VirtioError::Features);
        }
        self.enable_queues()
    }

    /// Ends the accesses of the device to memory, for ever. Requests in flight end.
    fn stop(&self) {
        self.is_gone.store(true, Ordering::Release);
        self.function.forbid_memory();
        self.queues.iter().for_each(|queue| queue.reset());
    }

    /// Returns whether the device has been stopped, or has been removed.
    pub(super) fn is_gone(&self) -> bool {
        self.is_gone.load(Ordering::Acquire)
    }

    /// Writes the disk's cache to the medium. May wait.
    fn flush(&self) -> Result<(), IoError> {
        let queue = self.queue_here();
        let slot = queue.slots.take();
        queue.slots.keep(slot, Request::flush());
        let submitted = self.submit(queue, slot, Kind::Flush, 0);
        let result = submitted.and_then(|()| match self.wait(queue, slot) {
            Progress::Ended(status) if Status(status as u8).is_success() => Ok(()),
            _ => Err(IoError::Failed),
        });
        queue.slots.free(slot);
        result
    }

    /// Logs what the start has found.
    pub(super) fn log_start(&self) {
        let interrupts = Messages::count(self.messages.as_ref());
        log::info!("{}: {} queues, {interrupts} interrupts", self.name, self.queues.len());
    }
}

impl controllers::Controller for Controller {
    fn shut_down(&self) {
        if self.is_gone() {
            return;
        }
        let flushed = if self.config.has_write_cache { self.flush() } else { Ok(()) };
        let _gate = self.gate.write();
        if let Err(error) = flushed {
            log::error!("{}: not shut down: {error}", self.name);
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
