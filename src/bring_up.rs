//! The order in which the kernel starts. `main.rs` and the test kernels (`testing`) both use it.
//!
//! Each line is a call of one room. The results that a step needs from earlier steps are arguments,
//! so a wrong order does not compile.

#![forbid(unsafe_code)]

use crate::monitor::{Machine, device};
use crate::panic::Ending;
use crate::{
    arch, block, boot, console, drivers, fs, klog, mm, panic, process, procfs, profile, seal,
    symbols, syscall, task, tty,
};

/// Starts everything, from the entry of `rust_main` to the machine that the prompt uses.
///
/// `magic` is the value that the loader passed in EAX, `information` the physical address of its
/// Multiboot2 structure. `ending` runs after the report of a panic or of an exception. Called once,
/// on the boot CPU.
pub fn start(magic: u32, information: u32, ending: Ending) -> Machine {
    let cpu = arch::cpu::percpu::start();
    drivers::char::serial::start_emergency(cpu);
    panic::start(cpu, ending);
    let clock = arch::time::clock::start(cpu);
    klog::start(clock);
    console::history::start();
    let serial = drivers::char::serial::start(cpu);
    let boot = boot::start(magic, information);
    if boot.options.is_quiet {
        drivers::char::serial::log_only_errors(serial);
    }
    let cpu_info = arch::cpu::features::start(boot.options.cpu_features());
    let screen = console::start_early(boot.information);
    let gdt = arch::cpu::gdt::start(cpu, mm::kernel::stacks::boot_cpu());
    let idt = arch::trap::idt::start(gdt);
    let memory = mm::start(idt, boot.information, boot.structure.clone(), cpu_info.paging);
    console::start_terminal(memory, screen);
    seal::start(memory, boot);
    symbols::start(memory, boot.information);
    let acpi = drivers::acpi::start(memory, boot.information);
    drivers::acpi::timers::refine_clock(clock, acpi.as_ref());
    let rtc = drivers::char::rtc::start(acpi.as_ref());
    let pci = drivers::bus::pci::start(memory, acpi.as_ref());
    let pic = arch::irq::pic::start(idt);
    let apic = boot.options.apic;
    let controllers = drivers::acpi::interrupt_controllers::start(pic, memory, acpi.as_ref(), apic);
    let timer = arch::time::timer::start(controllers);
    let keyboard = drivers::char::keyboard::start(controllers, clock, boot.options.layout);
    drivers::char::serial::start_interrupts(controllers);
    let interrupts = arch::irq::start(idt, controllers);
    drivers::char::serial::use_interrupts(interrupts, boot.options.serial_sending());
    let tasks = task::start(memory, timer, interrupts, symbols::report_hang);
    profile::start(tasks, timer);
    let apic_ids = drivers::acpi::cpus::apic_ids(acpi.as_ref());
    task::start_others(tasks, &apic_ids, boot.options.cpus_max());
    let console = console::start(timer, serial, keyboard, screen);
    tty::start(console);
    device::start();
    seal::measure::start(drivers::tpm::start(memory, acpi.as_ref()));
    let disks = block::start(drivers::table::start(tasks, &pci));
    seal::start_scrub(disks, boot);
    seal::root_disk::start(disks, boot);
    let files = fs::start(tasks, boot, rtc, disks);
    tty::start_ptys(files);
    let processes = process::start(files, syscall::handle, &boot.options);
    procfs::start(files, processes, boot);
    syscall::strace::start(processes, boot.options.strace.as_deref());

    Machine {
        acpi,
        boot,
        clock,
        console,
        controllers,
        files,
        interrupts,
        memory,
        pci,
        processes,
        cpu_info,
        rtc,
        tasks,
        timer,
    }
}
