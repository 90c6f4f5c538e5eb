//! The start of a controller, and the interrupt that its ports share.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt::Display;

use ata::command::Command;
use ata::identify::Identity;

use super::error::AhciError;
use super::link::LINK_NS;
use super::packet_drive::{self, FoundDrive};
use super::port::Port;
use super::registers::{NAME, PortRegisters, Registers};
use crate::arch::irq::device_vectors::DeviceVector;
use crate::drivers::block::controllers;
use crate::drivers::block::request::IoError;
use crate::drivers::bus::pci::{Function, Msi, OwnedFunction};
use crate::drivers::wait::wait;

/// The time in which a port finds a disk after its start: twice what Serial ATA names.
const FIND_NS: u64 = 20_000_000;
/// What a disk sends about its kind.
const DISK: u32 = 0x0000_0101;
/// What a drive with packets sends: one of CDs.
const PACKETS: u32 = 0xEB14_0101;
/// How often the ports with events are looked for in an interrupt.
const ROUNDS: usize = 4;

/// A port with a disk.
pub(super) struct FoundDisk {
    /// The port.
    pub port: Arc<Port>,
    /// The disk.
    pub kind: FoundKind,
}

/// A disk at a port.
pub(super) enum FoundKind {
    /// A disk.
    Disk(Identity),
    /// A drive of CDs.
    Drive(FoundDrive),
}

/// A controller.
pub(super) struct Controller {
    /// Dropped first. `None` also if there is no disk.
    interrupt: Option<Interrupt>,
    ports: Vec<Arc<Port>>,
    /// Keeps the function, also without a disk.
    _registers: Arc<Registers>,
}

/// The interrupt of a controller. Dropping this ends the messages before the vector is freed.
struct Interrupt {
    registers: Arc<Registers>,
    msi: Msi,
    _vector: DeviceVector,
}

impl Interrupt {
    /// Makes the ports send interrupts.
    fn try_new(registers: Arc<Registers>, ports: Vec<Arc<Port>>) -> Option<Self> {
        let warn = |error: &dyn Display| log::warn!("{NAME}: works without interrupts: {error}");
        let msi = Msi::try_new(&registers.function).inspect_err(|error| warn(error)).ok()?;
        let its = registers.clone();
        let handler = Arc::new(move || take_answers(&its, &ports));
        let vector = DeviceVector::try_new(handler).inspect_err(|error| warn(error)).ok()?;
        msi.enable(&registers.function, &vector);
        registers.enable_interrupts();
        Some(Self { registers, msi, _vector: vector })
    }
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        self.msi.disable(&self.registers.function);
    }
}

/// Takes the answers of the ports that have any.
fn take_answers(registers: &Registers, ports: &[Arc<Port>]) {
    for _ in 0..ROUNDS {
        let pending = registers.interrupts();
        // All bits are set if the controller is gone.
        if matches!(pending, 0 | u32::MAX) {
            return;
        }
        let has_answers = |port: &&Arc<Port>| pending >> port.registers.number & 1 != 0;
        ports.iter().filter(has_answers).for_each(|port| port.take_answers());
        // The order matters: what comes in the meantime sends another message.
        registers.clear_interrupts(pending);
    }
}

impl Controller {
    /// Starts a controller. Returns also the disks at its ports.
    pub(super) fn try_new(function: &Function) -> Result<(Self, Vec<FoundDisk>), AhciError> {
        let function = OwnedFunction::try_new(function, NAME)?;
        let registers = Arc::new(Registers::try_new(function)?);
        registers.take_over()?;
        registers.reset()?;
        let all: Vec<_> = registers.ports().collect();
        all.iter().for_each(PortRegisters::spin_up);
        wait(FIND_NS, || all.iter().all(PortRegisters::has_disk));
        let is_settled = |port: &PortRegisters| port.is_connected() || !port.has_disk();
        wait(LINK_NS, || all.iter().all(is_settled));
        // SAFETY: the controller accesses only the memory of its ports and of requests, see
        // `Registers::try_new`.
        unsafe { registers.function.allow_memory() };
        let mut disks = Vec::new();
        for port in all.into_iter().filter(PortRegisters::is_connected) {
            match start_port(port.clone()) {
                Ok(disk) => disks.extend(disk),
                Err(error) => log::error!("{port} isn't used: {error}"),
            }
        }
        let ports: Vec<_> = disks.iter().map(|found| found.port.clone()).collect();
        let interrupt = match ports.is_empty() {
            true => None,
            false => Interrupt::try_new(registers.clone(), ports.clone()),
        };
        if interrupt.is_some() {
            ports.iter().for_each(|port| port.use_interrupts());
        }
        Ok((Self { interrupt, ports, _registers: registers }, disks))
    }

    /// Logs what the start has found.
    pub(super) fn log_disk(&self, name: &str, found: &FoundDisk) {
        let (model, serial) = match &found.kind {
            FoundKind::Disk(identity) => (&identity.model, &identity.serial),
            FoundKind::Drive(drive) => (&drive.identity.model, &drive.identity.serial),
        };
        let port = &found.port;
        let interrupts = if self.interrupt.is_some() { "with" } else { "without" };
        log::info!(
            "{name}: {model}, serial number {serial}; port {}, {} commands, {interrupts} interrupts",
            port.registers.number,
            port.queue_depth(),
        );
    }
}

/// Starts a port; returns its disk, if there is one that is supported.
fn start_port(registers: PortRegisters) -> Result<Option<FoundDisk>, AhciError> {
    let mut port = Port::try_new(registers)?;
    port.start()?;
    let kind = match port.registers.signature() {
        DISK => {
            let data = port.read(Command::Identify)?.map_err(AhciError::refused)?;
            let identity = Identity::from_bytes(&data)?;
            port.set_queue_depth(identity.queue_depth);
            FoundKind::Disk(identity)
        }
        PACKETS => {
            port.use_packets();
            let Some(drive) = packet_drive::find(&port)? else {
                log::info!("{}: no medium in the drive", port.registers);
                return Ok(None);
            };
            FoundKind::Drive(drive)
        }
        other => {
            let registers = &port.registers;
            log::info!("{registers}: devices with signature {other:#010x} are not supported");
            return Ok(None);
        }
    };
    let port = Arc::try_new(port).map_err(|_| AhciError::NoMemory)?;
    Ok(Some(FoundDisk { port, kind }))
}

impl controllers::Controller for Controller {
    fn shut_down(&self) {
        for port in &self.ports {
            let commands: &[_] = match port.has_packets() {
                true => &[],
                false => &[Command::Flush, Command::Standby],
            };
            for command in commands {
                match port.execute_without_data(*command) {
                    Ok(()) | Err(IoError::Gone) => {}
                    Err(error) => {
                        let port = &port.registers;
                        log::error!("{port}: {command:?} before the shutdown: {error}");
                    }
                }
            }
            port.shut_down();
        }
    }

    fn strays(&self) -> u64 {
        // A port only reports which commands it still has.
        0
    }
}
