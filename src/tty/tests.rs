//! Tests of terminals.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};

use heapless::Vec;
use line_discipline::{Device, FlowAction};

use super::line::{DeviceEnd, Line};
use super::terminal::Terminal;
use crate::fs::error::FsError;
use crate::fs::io::SliceSource;
use crate::sync::{Rank, SpinMutex};
use crate::task;
use crate::testing::wait_for_threads;

static SENT: SpinMutex<Vec<u8, 8>> = SpinMutex::new(Rank::Files, Vec::new());
static HAS_BEGUN: AtomicBool = AtomicBool::new(false);

/// A slow device: other threads run while it sends its first bytes.
fn send_slowly(bytes: &[u8]) {
    if !HAS_BEGUN.swap(true, Ordering::Relaxed) {
        (0..50).for_each(|_| task::yield_now());
    }
    SENT.lock().extend_from_slice(bytes).expect("the test sends few bytes");
}

#[test_case]
fn bytes_are_sent_in_the_order_in_which_they_were_written() {
    let line = Line::Device(DeviceEnd::new(send_slowly));
    let terminal = Arc::new(Terminal::try_new(Device::Serial, line).expect("there is memory"));
    let other = terminal.clone();
    let thread = task::spawn("echo", move || {
        while !HAS_BEGUN.load(Ordering::Relaxed) {
            task::yield_now();
        }
        other.receive(b"23");
    })
    .expect("there is memory");
    terminal.receive(b"1");
    thread.join();
    assert_eq!(&SENT.lock()[..], b"123");
    wait_for_threads();
}

#[test_case]
fn cancelled_thread_writes_what_need_not_wait() {
    const LONG: [u8; 1000] = [b'.'; 1000];
    let line = Line::Device(DeviceEnd::new(|_| ()));
    let terminal = Arc::new(Terminal::try_new(Device::Serial, line).expect("there is memory"));
    let writer = task::spawn("writer", move || {
        let write = |bytes: &[u8]| terminal.write(&mut SliceSource::new(bytes), false, &|| false);
        while !task::is_cancelled() {
            task::yield_now();
        }
        assert_eq!(write(b"w"), Ok(1));
        let part = write(&LONG).expect("a part is written at once");
        assert!((1..LONG.len()).contains(&part), "{part} bytes were written");
        terminal.control_flow(FlowAction::StopOutput);
        while write(b"w") == Ok(1) {}
        assert_eq!(write(b"w"), Err(FsError::Interrupted));
    })
    .expect("there is memory");
    task::cancel(writer.thread());
    writer.join();
    wait_for_threads();
}
