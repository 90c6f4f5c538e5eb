use super::*;
use x86_64::registers::control::Cr3;

#[test_case]
fn registers_hold_what_the_kernel_needs() {
    let (root, low) = Cr3::read_raw();
    let address_and_low = root.start_address().as_u64() | u64::from(low);
    assert_eq!(read(Register::Cr3), Some(address_and_low));
    // Bits of paging, long mode and interrupts.
    assert_eq!(read(Register::Cr0).map(|cr0| cr0 >> 31), Some(1));
    assert_eq!(read(Register::Efer).map(|efer| efer >> 10 & 1), Some(1));
    assert_eq!(read(Register::Rflags).map(|flags| flags >> 1 & 1), Some(1));
    assert_eq!(read(Register::Cr8), Some(0));
}

#[test_case]
fn xcr0_is_read_only_where_it_is_allowed() {
    let is_allowed = Cr4::read().contains(Cr4Flags::OSXSAVE);
    assert_eq!(read(Register::Xcr0).is_some(), is_allowed);
}

#[test_case]
fn stack_pointer_is_below_locals_of_callers() {
    let local = 0_u64;
    let address = VirtAddr::from_ptr(&raw const local);
    assert!(stack_pointer() <= address && address - stack_pointer() < 4096);
}
