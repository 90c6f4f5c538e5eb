//! Bringing the other CPUs up, into their idle threads.

use alloc::vec::Vec;
use core::fmt;

use spin::Once;

use super::balance;
use super::cpu;
use super::idle;
use super::spawn;
use super::thread::Thread;
use crate::arch::cpu::gdt::{Ist, StackTops};
use crate::arch::cpu::id::{ApicId, CpuId};
use crate::arch::cpu::percpu::{self, AreaLine, CPUS_MAX, Cpu};
use crate::arch::irq::local_apic;
use crate::arch::smp::{self, Start};
use crate::mm::kernel::kernel_stack::{self, KernelStack};
use crate::mm::kernel::stacks::Use;
use crate::mm::kernel::trampoline::{self, Trampoline};

/// Why a CPU isn't used, or none of the others is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Error {
    Trampoline(trampoline::Error),
    Stack(kernel_stack::Error),
    Thread(spawn::SpawnError),
    Memory,
    Silent,
}

impl From<kernel_stack::Error> for Error {
    fn from(error: kernel_stack::Error) -> Self {
        Self::Stack(error)
    }
}

impl From<spawn::SpawnError> for Error {
    fn from(error: spawn::SpawnError) -> Self {
        Self::Thread(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trampoline(error) => write!(f, "{error}"),
            Self::Stack(error) => write!(f, "{error}"),
            Self::Thread(error) => write!(f, "{error}"),
            Self::Memory => f.write_str("no memory is left for it"),
            Self::Silent => f.write_str("it doesn't answer"),
        }
    }
}

/// The idle threads of CPUs that are to start, by their numbers.
static IDLE: [Once<&'static Thread>; CPUS_MAX] = [const { Once::new() }; CPUS_MAX];

/// Starts the CPUs with these APIC numbers that don't run yet, up to `cpus_max` in all. A CPU that
/// doesn't answer is reported and left out.
pub(super) fn start_others(apic_ids: &[ApicId], cpus_max: usize) {
    let own = local_apic::id();
    percpu::current().set_apic_id(own);
    let others = || {
        let others = apic_ids.iter().copied().filter(|&apic_id| apic_id != own);
        let others = others.filter(|&apic_id| local_apic::can_reach(apic_id));
        others.take(cpus_max.clamp(1, CPUS_MAX) - 1)
    };
    if others().count() == 0 || !local_apic::is_started() {
        return;
    }
    let trampoline = match Trampoline::try_new() {
        Ok(trampoline) => trampoline,
        Err(error) => {
            return log::warn!("only one CPU is used: {}", Error::Trampoline(error));
        }
    };
    smp::prepare(&trampoline, enter);
    smp::send_init(others());
    let mut number = 1;
    for apic_id in others() {
        match start_one(&trampoline, CpuId::new(number), apic_id) {
            Ok(()) => {
                number += 1;
                balance::set_count(number);
            }
            Err(error) => log::warn!("the CPU with APIC {apic_id} isn't used: {error}"),
        }
    }
    log::info!("{number} CPUs run");
}

fn start_one(trampoline: &Trampoline, id: CpuId, apic_id: ApicId) -> Result<(), Error> {
    let mut area = Vec::new();
    area.try_reserve_exact(percpu::area_lines()).map_err(|_| Error::Memory)?;
    area.resize(percpu::area_lines(), AreaLine::ZERO);
    let kernel = KernelStack::try_new(Use::Idle { cpu: id.number() })?;
    let ist = |ist| KernelStack::try_new(Use::Ist { cpu: id.number(), ist });
    let ist = [ist(Ist::DoubleFault)?, ist(Ist::Nmi)?, ist(Ist::MachineCheck)?, ist(Ist::Debug)?];
    let sched_cpu = cpu::prepare(id);
    let idle = IDLE[id.index()].try_call_once(|| spawn::reserve_idle(sched_cpu))?;
    // All but the stacks and the data of a CPU that doesn't answer is used again for the
    // next one.
    let cpu = percpu::prepare(area.leak(), id);
    cpu.set_apic_id(apic_id);
    let stacks = StackTops { kernel: kernel.leak().top(), ist: ist.map(|ist| ist.leak().top()) };
    sched_cpu.set_idle_thread(idle);
    if smp::start_one(trampoline, Start { cpu, stacks }) { Ok(()) } else { Err(Error::Silent) }
}

/// The first function of another CPU: it becomes the idle thread of that CPU.
fn enter(cpu: &'static Cpu) -> ! {
    let idle = IDLE[cpu.id().index()].get().expect("it was made before the start");
    cpu::use_here(cpu::get(cpu.id()));
    spawn::adopt_idle(idle);
    idle::begin()
}
