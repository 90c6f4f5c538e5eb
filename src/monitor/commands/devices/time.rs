//! `time`: the time since the start, the time of day, and the accuracy of the clock.

use core::fmt::Write;

use line_editor::Key;
use timekeeping::comparison::{Comparison, Deviation, Verdict};

use crate::arch::time::witness::{Witness, narrow_edge};
use crate::console;
use crate::drivers::acpi::timers::PmTimer;
use crate::monitor::arguments::{ArgumentError, Arguments};
use crate::monitor::command::{Command, Error, Run};
use crate::monitor::machine::Machine;

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "time",
    usage: "[check]",
    summary: "Shows the time since the start, and the time of day.",
    example: "time",
    words: |_, found| found("check"),
    run: Run::Machine(run),
};

fn run(machine: &Machine, mut arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let word = arguments.word();
    arguments.end()?;
    match word {
        None => show(machine, out),
        Some("check") => check(machine, out),
        Some(word) => Err(ArgumentError::unknown(word).into()),
    }
}

fn show(machine: &Machine, out: &mut dyn Write) -> Result<(), Error> {
    let uptime_us = machine.clock.uptime_us();
    let [seconds, us] = [uptime_us / 1_000_000, uptime_us % 1_000_000];
    let [days, hours, minutes] = [seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60];
    writeln!(
        out,
        "since the start  {days} days {hours:02}:{minutes:02}:{:02}.{us:06}",
        seconds % 60
    )?;
    match machine.rtc.now() {
        Ok(time) => writeln!(out, "hardware clock   {time} UTC")?,
        Err(error) => writeln!(out, "hardware clock   {error}")?,
    }
    Ok(())
}

/// The duration of the comparison, in seconds.
const SECONDS: u64 = 10;
/// The interval between two reads of the PM timer, which may wrap after 4.7 s.
const PERIOD_US: u64 = 1_000_000;
/// The largest deviation of an accurate clock.
const LIMIT_PPM: u32 = 100;
/// The number of edges that are read until one is narrow. The hardware clock has only one edge a
/// second.
const PM_TIMER_EDGES: usize = 1000;
const RTC_EDGES: usize = 3;

/// Compares the kernel's clock with the PM timer and with the hardware clock, until a key is typed
/// or the duration has passed.
fn check(machine: &Machine, out: &mut dyn Write) -> Result<(), Error> {
    writeln!(
        out,
        "{}; compared for {SECONDS} s, up to {LIMIT_PPM} ppm are ok",
        machine.clock.rate()
    )?;
    let pm_timer = machine.acpi.as_ref().and_then(PmTimer::find);
    let started = |witness: &dyn Witness, edges| {
        let first = narrow_edge(witness, edges)?;
        Some(Comparison::new(witness.hz(), witness.mask(), first))
    };
    let is_rtc_set = machine.rtc.now();
    let mut by_rtc = is_rtc_set.ok().and_then(|_| started(&machine.rtc, RTC_EDGES));
    let mut by_pm_timer = pm_timer.as_ref().and_then(|it| started(it, PM_TIMER_EDGES));
    let next = |comparison: &mut Option<Comparison>, witness: &dyn Witness, edges| {
        *comparison = comparison.take().and_then(|mut comparison| {
            comparison.push(narrow_edge(witness, edges)?);
            Some(comparison)
        });
    };
    for _ in 0..SECONDS {
        match console::wait_key_for(PERIOD_US) {
            None => {}
            Some(typed) if typed.key == Key::Ctrl('c') => return Err(Error::OutputEnded),
            Some(_) => return Ok(()),
        }
        if let Some(pm_timer) = &pm_timer {
            next(&mut by_pm_timer, pm_timer, PM_TIMER_EDGES);
        }
    }
    next(&mut by_rtc, &machine.rtc, RTC_EDGES);

    match (pm_timer, by_pm_timer) {
        (None, _) => writeln!(out, "PM timer         none")?,
        (Some(_), None) => writeln!(out, "PM timer         it doesn't count")?,
        (Some(_), Some(comparison)) => write_comparison(out, "PM timer", &comparison)?,
    }
    match (is_rtc_set, by_rtc) {
        (Err(error), _) => writeln!(out, "hardware clock   {error}")?,
        (Ok(_), None) => writeln!(out, "hardware clock   it doesn't count")?,
        (Ok(_), Some(comparison)) => write_comparison(out, "hardware clock", &comparison)?,
    }
    Ok(())
}

fn write_comparison(out: &mut dyn Write, name: &str, comparison: &Comparison) -> Result<(), Error> {
    let tenths = comparison.witness_ns() / 100_000_000;
    write!(out, "{name:16} {}.{} s, the clock ", tenths / 10, tenths % 10)?;
    let Some(deviation) = comparison.deviation() else {
        return Ok(writeln!(out, "wasn't compared")?);
    };
    write_ppm(out, &deviation)?;
    let verdict = match deviation.judge(LIMIT_PPM) {
        Verdict::Within => "ok",
        Verdict::Beyond => "WRONG",
        Verdict::Unknown => "not known: reads were delayed",
    };
    Ok(writeln!(out, ": {verdict}")?)
}

/// Writes a deviation in millionths, with one decimal, such as `is fast by 1.5 ± 0.2 ppm`.
fn write_ppm(out: &mut dyn Write, deviation: &Deviation) -> Result<(), Error> {
    let direction = if deviation.middle_ppb() < 0 { "slow" } else { "fast" };
    let ppb = deviation.middle_ppb().unsigned_abs();
    let error_ppb = deviation.error_ppb().next_multiple_of(100);
    let [whole, tenth] = [ppb / 1000, ppb / 100 % 10];
    let [error_whole, error_tenth] = [error_ppb / 1000, error_ppb / 100 % 10];
    Ok(write!(out, "is {direction} by {whole}.{tenth} ± {error_whole}.{error_tenth} ppm")?)
}
