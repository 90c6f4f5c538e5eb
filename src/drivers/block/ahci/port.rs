//! The commands of a port, and their answers.
//!
//! If disk and controller support it, the disk has several commands at once (NCQ); other commands than
//! transfers are executed alone. After an error, the controller executes nothing more, and it isn't
//! known which command has failed. So all that were in flight are executed again, each alone, after the
//! port was reset: then the answer is that of the command.
//!
//! Locks, from outer to inner: the gate, the state.

use core::sync::atomic::{AtomicBool, Ordering};

use ata::command::{Command, Queuing};
use ata::regions::{
    HEADER_BYTES, PACKET, REGION_BYTES, REGIONS, Region, RegionsError, describe, header,
};

use super::error::AhciError;
use super::registers::{FAILURES, PortRegisters};
use crate::arch::time::clock::now_ns;
use crate::drivers::block::request::{IoError, Request, Segment};
use crate::drivers::block::slots::{ANSWER_NS, Answers, Progress, Slots};
use crate::mm::kernel::dma_memory::DmaMemory;
use crate::sync::{IrqMutex, Rank, RwLock, WaitQueue};

/// The most commands of a port.
const SLOTS: usize = 32;
/// The most regions of a command: 64 pages, whatever their alignment.
const REGIONS_MAX: u16 = 65;
/// The most bytes of a request.
pub(super) const REQUEST_BYTES_MAX: u32 = 64 * 4096;
/// The place of the frames that the disk has sent, after the list of headers.
pub(super) const RECEIVED: usize = SLOTS * HEADER_BYTES;
const RECEIVED_BYTES: usize = 256;
const TABLE_BYTES: usize = (REGIONS + REGIONS_MAX as usize * REGION_BYTES).next_multiple_of(128);

/// The state that submitters and the interrupt handler share.
struct State {
    /// The slots whose commands were issued and haven't ended, one bit each.
    issued: u32,
    /// Whether the command in flight is the only one, whatever happens.
    is_alone: bool,
    /// Whether the port has to be reset before the next command.
    needs_reset: bool,
}

/// A port with a disk, or with a drive of CDs.
pub(super) struct Port {
    pub(super) registers: PortRegisters,
    /// The list of headers, then the frames that the disk has sent.
    pub(super) memory: DmaMemory,
    tables: DmaMemory,
    /// Whether transfers are queued.
    is_queued: bool,
    /// Whether a drive with packets is at the port.
    has_packets: bool,
    has_interrupts: AtomicBool,
    /// Protects the slots in flight; taken by submitters, waiters and the interrupt handler.
    state: IrqMutex<State>,
    pub(super) slots: Slots,
    /// Woken when no command is in flight.
    idle: WaitQueue,
    /// Held for reading while a command is issued, and for writing while one is executed alone, or
    /// during a reset.
    gate: RwLock<()>,
    is_gone: AtomicBool,
}

impl Port {
    /// Makes a port that has one command at once, and sends no interrupts.
    pub(super) fn try_new(registers: PortRegisters) -> Result<Self, AhciError> {
        let memory = |bytes| DmaMemory::try_new_zeroed(bytes).ok_or(AhciError::NoMemory);
        let slots = registers.controller.slots();
        let state = State { issued: 0, is_alone: false, needs_reset: false };
        Ok(Self {
            registers,
            memory: memory(RECEIVED + RECEIVED_BYTES)?,
            tables: memory(SLOTS * TABLE_BYTES)?,
            is_queued: false,
            has_packets: false,
            has_interrupts: AtomicBool::new(false),
            state: IrqMutex::new(Rank::Device, state),
            slots: Slots::try_new(slots.into()).ok_or(AhciError::NoMemory)?,
            idle: WaitQueue::new(),
            gate: RwLock::new(Rank::ControllerGate, ()),
            is_gone: AtomicBool::new(false),
        })
    }

    /// Sets how many commands the disk has at once; `None` if it doesn't queue them. None is in
    /// flight.
    pub(super) fn set_queue_depth(&mut self, depth: Option<u8>) {
        self.is_queued = depth.is_some() && self.registers.controller.has_queues();
        if let Some(depth) = depth.filter(|_| self.is_queued) {
            self.slots.limit(depth.into());
        }
    }

    /// Makes this the port of a drive with packets, which has one command at a time: it forgets why one
    /// has failed when it gets the next one. None is in flight.
    pub(super) fn use_packets(&mut self) {
        self.has_packets = true;
        self.slots.limit(1);
    }

    /// Returns whether a drive with packets is at the port.
    pub(super) fn has_packets(&self) -> bool {
        self.has_packets
    }

    /// Makes waiters wait for the interrupts that the controller sends.
    pub(super) fn use_interrupts(&self) {
        self.has_interrupts.store(true, Ordering::Release);
    }

    fn answers(&self) -> Answers {
        match self.has_interrupts.load(Ordering::Acquire) {
            true => Answers::ByInterrupt,
            false => Answers::ByLooking,
        }
    }

    /// Returns the most commands that the disk has at once.
    pub(super) fn queue_depth(&self) -> u32 {
        if self.is_queued { self.slots.count_free() } else { 1 }
    }

    /// Executes a command that answers with data, alone. Returns the data, or the status if the command
    /// has failed. May wait.
    pub(super) fn read<const N: usize>(
        &self,
        command: Command,
    ) -> Result<Result<[u8; N], u16>, AhciError> {
        let slot = self.slots.take();
        let data = self.read_in(slot, command);
        self.slots.free(slot);
        data
    }

    /// As [`read`](Self::read), in a slot that was taken.
    pub(super) fn read_in<const N: usize>(
        &self,
        slot: u16,
        command: Command,
    ) -> Result<Result<[u8; N], u16>, AhciError> {
        let memory = DmaMemory::try_new_zeroed(N).ok_or(AhciError::NoMemory)?;
        let region = Region { address: memory.start().as_u64(), len_bytes: N as u32 };
        // Whatever happens, the port doesn't access the memory after this.
        match self.execute_in(slot, command, [region]) {
            (Ok(()), Progress::Ended(0)) => {
                let mut bytes = [0; N];
                memory.read_bytes(0, &mut bytes);
                Ok(Ok(bytes))
            }
            (Ok(()), Progress::Ended(status)) => Ok(Err(status)),
            (Ok(()), _) => Err(AhciError::NoAnswer),
            (Err(_), _) => Err(AhciError::Gone),
        }
    }

    /// Executes a command without data. May wait.
    pub(super) fn execute_without_data(&self, command: Command) -> Result<(), IoError> {
        let slot = self.slots.take();
        let executed = self.execute_in(slot, command, []);
        self.slots.free(slot);
        match executed {
            (result, Progress::Ended(0)) => result,
            (result, _) => result.and(Err(IoError::Failed)),
        }
    }

    /// Executes a command alone, in a slot that was taken. Returns its end also.
    fn execute_in(
        &self,
        slot: u16,
        command: Command,
        regions: impl IntoIterator<Item = Region>,
    ) -> (Result<(), IoError>, Progress) {
        let described = self.describe(slot, command, regions).map_err(|_| IoError::Invalid);
        let executed = described.and_then(|()| self.execute_alone(slot, command));
        (executed, self.slots.progress(slot))
    }

    /// Describes the memory of the request that a slot has, and returns the command for it, which
    /// `command_of` makes.
    pub(super) fn describe_request(
        &self,
        slot: u16,
        command_of: impl FnOnce(&Request) -> Result<Command, IoError>,
    ) -> Result<Command, IoError> {
        let described = self.slots.with_request(slot, |request| {
            let command = command_of(request)?;
            let described = self.describe(slot, command, regions(&request.segments));
            described.map_err(|_| IoError::Invalid)?;
            Ok(command)
        });
        described.unwrap_or(Err(IoError::Invalid))
    }

    /// Describes the memory of a command for the slot that it has.
    fn describe(
        &self,
        slot: u16,
        command: Command,
        regions: impl IntoIterator<Item = Region>,
    ) -> Result<(), RegionsError> {
        let table = usize::from(slot) * TABLE_BYTES;
        let count = describe(regions, REGIONS_MAX, |index, words| {
            let at = table + REGIONS + usize::from(index) * REGION_BYTES;
            write(&self.tables, at, &words);
        })?;
        let address = self.tables.start().as_u64() + table as u64;
        if let Some(packet) = command.packet() {
            write(&self.tables, table + PACKET, &packet.words());
        }
        let words = header(address, count, command);
        write(&self.memory, usize::from(slot) * HEADER_BYTES, &words);
        Ok(())
    }

    /// Issues the command of a slot, whose memory is described. Returns whether it was possible:
    /// whether the port needs no reset.
    fn issue(&self, slot: u16, command: Command, is_alone: bool) -> bool {
        let is_queued = self.is_queued && !is_alone;
        let queuing = if is_queued { Queuing::Queued(slot as u8) } else { Queuing::Alone };
        write(&self.tables, usize::from(slot) * TABLE_BYTES, &command.frame(queuing));
        let mut state = self.state.lock();
        if state.needs_reset {
            return false;
        }
        self.slots.start(slot, 0);
        state.issued |= 1 << slot;
        state.is_alone = is_alone;
        self.registers.issue(slot, is_queued);
        true
    }

    /// Submits the transfer of a slot, whose memory is described. Returns whether it was possible:
    /// whether the port needs no reset. May wait.
    pub(super) fn submit(&self, slot: u16, command: Command) -> Result<bool, IoError> {
        let _gate = self.gate.read();
        if self.is_gone() {
            return Err(IoError::Gone);
        }
        Ok(self.issue(slot, command, self.has_packets))
    }

    /// Executes the command of a slot, whose memory is described, without others. It isn't in flight
    /// then. May wait.
    ///
    /// # Errors
    /// [`IoError::Gone`], [`IoError::Failed`] if it couldn't be issued.
    pub(super) fn execute_alone(&self, slot: u16, command: Command) -> Result<(), IoError> {
        let _gate = self.gate.write();
        if self.is_gone() {
            return Err(IoError::Gone);
        }
        self.wait_until_idle();
        self.reset_if_needed()?;
        if !self.issue(slot, command, true) {
            return Err(IoError::Failed);
        }
        let progress = self.slots.wait_for_answer(slot, self.answers(), || self.look());
        if progress == Progress::InFlight {
            self.log_silence();
            self.fail();
        }
        // The memory of the command is no longer accessed after this.
        self.reset_if_needed()
    }

    /// Waits until the port has executed all commands, or has to be reset. The gate is closed.
    fn wait_until_idle(&self) {
        let deadline_ns = now_ns() + ANSWER_NS;
        while self.state.lock().issued != 0 {
            let is_working = self.look();
            if !is_working || now_ns() > deadline_ns {
                return self.fail();
            }
            let look_ns = now_ns() + self.answers().look_ns();
            let is_idle = || self.state.lock().issued == 0;
            // Looks again in either case.
            let _ = self.idle.wait_until_deadline(look_ns, is_idle);
        }
    }

    /// Takes the answers. Returns whether disk and controller are still there.
    fn look(&self) -> bool {
        self.take_answers();
        self.registers.is_connected() && !self.is_gone()
    }

    /// Waits until the command of a slot has ended, and resets the port if it doesn't. May wait.
    pub(super) fn wait(&self, slot: u16) -> Progress {
        match self.slots.wait_for_answer(slot, self.answers(), || self.look()) {
            Progress::InFlight => {
                let _gate = self.gate.write();
                // Another waiter may have reset it in the meantime.
                if self.slots.progress(slot) == Progress::InFlight {
                    self.log_silence();
                    self.fail();
                    // An error ends the disk, which the caller finds out.
                    let _ = self.reset_if_needed();
                }
                self.slots.progress(slot)
            }
            progress => progress,
        }
    }

    fn log_silence(&self) {
        if self.registers.is_connected() {
            let seconds = ANSWER_NS / 1_000_000_000;
            log::warn!("{}: no answer in {seconds} s; resetting it", self.registers);
        }
    }

    /// Ends all commands in flight; the port has to be reset.
    fn fail(&self) {
        self.end_all(&mut self.state.lock());
    }

    fn end_all(&self, state: &mut State) {
        state.needs_reset = true;
        state.issued = 0;
        self.registers.mask_events();
        self.slots.reset();
        self.idle.wake_all();
    }

    /// Resets the port if it needs this. The gate is closed.
    fn reset_if_needed(&self) -> Result<(), IoError> {
        if !self.state.lock().needs_reset {
            return Ok(());
        }
        if let Err(error) = self.reset() {
            log::error!("{}: {error}; its disk is gone", self.registers);
            self.stop();
            return Err(IoError::Gone);
        }
        self.state.lock().needs_reset = false;
        Ok(())
    }

    /// Takes the answers that have arrived, and wakes their waiters. Called by the interrupt handler
    /// and by waiters; never waits.
    pub(super) fn take_answers(&self) {
        let mut state = self.state.lock();
        if state.needs_reset {
            return;
        }
        let mut all_events = 0;
        loop {
            // The order matters: a command that has failed is among those which have ended only after
            // its event. One that ends in between is found in the next round.
            let active = self.registers.active();
            let events = self.registers.take_events();
            all_events |= events;
            if events & FAILURES != 0 {
                let status = self.registers.status();
                if state.is_alone && status.is_failed() {
                    let slot = state.issued.trailing_zeros() as u16;
                    self.slots.end(slot, 0, status.word());
                }
                return self.end_all(&mut state);
            }
            let mut ended = state.issued & !active;
            // A command ends with an event. Without one, the registers may read as zeros because the
            // controller is gone, as in QEMU.
            if ended != 0 && all_events == 0 && !self.registers.is_connected() {
                return self.end_all(&mut state);
            }
            state.issued &= active;
            while ended != 0 {
                self.slots.end(ended.trailing_zeros() as u16, 0, 0);
                ended &= ended - 1;
            }
            if events == 0 {
                break;
            }
        }
        if state.issued == 0 {
            self.idle.wake_all();
        }
    }

    /// Ends the accesses of the port to memory, for ever. Commands in flight end.
    pub(super) fn stop(&self) {
        if self.registers.stop().is_err() {
            // Otherwise it could still access the memory of commands.
            self.registers.controller.stop();
        }
        // After this, waiters free the memory of commands that have ended by a failure.
        self.is_gone.store(true, Ordering::Release);
        self.fail();
    }

    /// Stops the port, after the commands in flight. May wait.
    pub(super) fn shut_down(&self) {
        let _gate = self.gate.write();
        if !self.is_gone() {
            self.wait_until_idle();
            self.stop();
        }
    }

    /// Returns whether the port or its controller has been stopped.
    pub(super) fn is_gone(&self) -> bool {
        self.is_gone.load(Ordering::Acquire) || self.registers.controller.is_gone()
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        // The memory of the port is freed after this.
        self.stop();
    }
}

fn write(memory: &DmaMemory, at: usize, words: &[u32]) {
    for (index, word) in words.iter().enumerate() {
        memory.write_u32(at + 4 * index, *word);
    }
}

/// Returns the memory of a request.
fn regions(parts: &[Segment]) -> impl Iterator<Item = Region> {
    parts.iter().map(|part| Region {
        address: part.frame.start().as_u64() + part.range.start as u64,
        len_bytes: part.range.len() as u32,
    })
}
