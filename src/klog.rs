//! The kernel log: formats lines and passes them to sinks.
//!
//! All rooms log by the macros of the `log` crate. This room formats a line, with its time and
//! module, and passes it to every sink that a higher room has registered. Each sink does its own
//! locking; this room has no lock, so interrupt handlers may log.
//!
//! Emergency sinks are for the report of a panic: they take no lock and wait only for the device.

#![forbid(unsafe_code)]

use core::fmt::{self, Write};
use core::sync::atomic::{AtomicU8, Ordering};

use heapless::String;
use log::{Level, LevelFilter, Metadata, Record};
use spin::Once;

use crate::arch::time::clock::Clock;

/// Receives a line, with its newline; a long line is passed in several pieces.
pub type Sink = fn(Level, &str);

/// Receives a piece of text.
pub type EmergencySink = fn(&str);

const SINKS_MAX: usize = 4;

static SINKS: [Once<Sink>; SINKS_MAX] = [const { Once::new() }; SINKS_MAX];
static CONSOLE_SINKS: [Once<Sink>; SINKS_MAX] = [const { Once::new() }; SINKS_MAX];
static EMERGENCY_SINKS: [Once<EmergencySink>; SINKS_MAX] = [const { Once::new() }; SINKS_MAX];
static LOGGER: Logger = Logger { clock: Once::new() };

/// Starts logging; lines are discarded until a sink is registered.
#[inline(never)] // So that tests find it.
pub fn start(clock: Clock) {
    LOGGER.clock.call_once(|| clock);
    log::set_logger(&LOGGER).expect("the log is started once");
    log::set_max_level(LevelFilter::Info);
}

/// Passes all further lines to `sink`, too.
///
/// # Panics
/// If there are too many sinks.
pub fn add_sink(sink: Sink) {
    register(&SINKS, sink);
}

/// Passes further lines to `sink`, too, if their level is below the console's.
///
/// # Panics
/// If there are too many sinks.
pub fn add_console_sink(sink: Sink) {
    register(&CONSOLE_SINKS, sink);
}

/// Returns the number of a level in system logs, from 0, the most severe, to 7: syslog(2).
pub const fn severity(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    }
}

/// The console level: only lines whose [`severity`] is below it are passed to console sinks.
static CONSOLE_LEVEL: AtomicU8 = AtomicU8::new(8);

/// Sets the console level; returns the previous one.
pub fn set_console_level(level: u8) -> u8 {
    CONSOLE_LEVEL.swap(level, Ordering::Relaxed)
}

/// Passes [`Emergency`] text to `sink`, which must not take a lock.
///
/// # Panics
/// If there are too many sinks.
pub fn add_emergency_sink(sink: EmergencySink) {
    register(&EMERGENCY_SINKS, sink);
}

fn register<T>(sinks: &[Once<T>], sink: T) {
    let free = sinks.iter().find(|slot| !slot.is_completed());
    free.expect("SINKS_MAX is at least the number of devices that show text").call_once(|| sink);
}

/// Writes to all emergency sinks.
pub struct Emergency;

impl Write for Emergency {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        EMERGENCY_SINKS.iter().filter_map(Once::get).for_each(|sink| sink(text));
        Ok(())
    }
}

struct Logger {
    clock: Once<Clock>,
}

impl log::Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let uptime_us = self.clock.get().map_or(0, |clock| clock.uptime_us());
        let room = record.target().trim_start_matches("farjump::");
        let mut line = Line { level: record.level(), text: String::new() };
        // `Line` never fails; if the formatting of an argument fails, the text before it is still
        // logged.
        let _ = write!(
            line,
            "[{:5}.{:06}] {}{}: {}",
            uptime_us / 1_000_000,
            uptime_us % 1_000_000,
            Mark(record.level()),
            Room(room),
            record.args()
        );
        let _ = line.write_str("\n");
        line.flush();
    }

    fn flush(&self) {}
}

/// Buffers a line, so that sinks receive it in one piece unless it is very long.
struct Line {
    level: Level,
    text: String<256>,
}

impl Line {
    fn flush(&mut self) {
        let pass = |sinks: &[Once<Sink>]| {
            sinks.iter().filter_map(Once::get).for_each(|sink| sink(self.level, &self.text));
        };
        pass(&SINKS);
        if severity(self.level) < CONSOLE_LEVEL.load(Ordering::Relaxed) {
            pass(&CONSOLE_SINKS);
        }
        self.text.clear();
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            if self.text.push(c).is_err() {
                self.flush();
                self.text.push(c).map_err(|_| fmt::Error)?;
            }
        }
        Ok(())
    }
}

/// The prefix of warnings and errors.
struct Mark(log::Level);

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            log::Level::Error => f.write_str("ERROR "),
            log::Level::Warn => f.write_str("warning "),
            _ => Ok(()),
        }
    }
}

/// The last part of a module's path: `pic` for `arch::irq::pic`.
struct Room<'a>(&'a str);

impl fmt::Display for Room<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.rsplit("::").next().unwrap_or(self.0))
    }
}
