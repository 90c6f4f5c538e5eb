//! The command line's options. Only this file has their names.

use command_line::Word;
use heapless::String;

use super::test_selection::TestSelection;
use crate::arch::cpu::features::FeatureChoice;
use crate::arch::irq::ApicChoice;
use crate::drivers::char::keyboard::Layout;
use crate::drivers::char::serial;
use crate::mm::user::huge_pages::HugePages;

/// The longest path on the command line, in bytes.
const PATH_MAX_BYTES: usize = 255;

/// The longest name of a kind of file system on the command line, in bytes.
const KIND_MAX_BYTES: usize = 15;

/// The longest number or name of a process on the command line, in bytes.
const PROCESS_MAX_BYTES: usize = 15;

/// The addresses of the parts of programs: their stack, mappings and heap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Addresses {
    /// Random addresses.
    #[default]
    Random,
    /// Always the same addresses.
    Fixed,
}

/// The options of the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// `safe`: required features only.
    pub is_safe: bool,
    /// `noapic`, `nox2apic`: the interrupt controllers that may be used.
    pub apic: ApicChoice,
    /// `smp=N`, `nosmp`: the largest number of CPUs that may be used; `None` for all.
    pub cpus_max: Option<u16>,
    /// `quiet`: no log on the serial line, only errors until the first program runs.
    pub is_quiet: bool,
    /// `init=PATH`: the first program.
    pub init: Option<String<PATH_MAX_BYTES>>,
    /// `root=DEVICE`: the device with the root file system, such as `/dev/nvme0n1p2`.
    pub root: Option<String<PATH_MAX_BYTES>>,
    /// `rootfstype=KIND`: the kind of that file system; `None` to try all.
    pub root_kind: Option<String<KIND_MAX_BYTES>>,
    /// `ro`, which is the default, and `rw`: whether that file system is writable.
    pub is_root_writable: bool,
    /// `norandmaps`: programs are always at the same addresses.
    pub addresses: Addresses,
    /// `transparent_hugepage=always`, `=madvise` or `=never`: the memory that may have huge pages.
    /// `None` if that depends on the amount of memory.
    pub huge_pages: Option<HugePages>,
    /// `strace`, `strace=NUMBER` or `strace=NAME`: the processes whose system calls are logged.
    pub strace: Option<String<PROCESS_MAX_BYTES>>,
    /// `seal=eio`: a damaged block of a sealed root disk is an error for who reads it, and doesn't stop
    /// the machine.
    pub is_disk_damage_an_error: bool,
    /// `seal=scrub`: a sealed kernel checks the whole medium before the first program.
    pub is_scrubbed: bool,
    /// `seal=background`: it checks the whole medium while programs run.
    pub is_scrubbed_in_background: bool,
    /// `layout=NAME`: the keyboard layout.
    pub layout: Layout,
    /// `test=TEXT` and others: the tests that a test kernel runs.
    pub tests: TestSelection,
}

impl Options {
    /// Parses a command line; logs unknown words.
    pub fn parse(line: &[u8]) -> Self {
        let mut options = Self::default();
        let (line, _) = command_line::split_at_init(line);
        for word in command_line::parse(line) {
            match word {
                Ok(word) if options.apply(word).is_some() => {}
                Ok(Word { name, value: None }) => {
                    log::warn!("unknown option, or missing value: {name}");
                }
                Ok(Word { name, value: Some(value) }) => {
                    log::warn!("unknown option, or invalid value: {name}={value}");
                }
                Err(error) => log::warn!("command line: {error}"),
            }
        }
        options
    }

    /// Applies a word; returns `None` if it is unknown.
    fn apply(&mut self, word: Word<'_>) -> Option<()> {
        match (word.name, word.value) {
            ("safe", None) => {
                self.is_safe = true;
                self.apic = ApicChoice::No;
            }
            ("nosmp", None) => self.cpus_max = Some(1),
            ("smp", Some(count)) => {
                self.cpus_max = Some(count.parse().ok().filter(|&count| count > 0)?);
            }
            // The stub has handled it.
            ("trace-boot", None) => {}
            ("noapic", None) => self.apic = ApicChoice::No,
            ("nox2apic", None) if self.apic == ApicChoice::All => self.apic = ApicChoice::InMemory,
            ("nox2apic", None) => {}
            ("norandmaps", None) => self.addresses = Addresses::Fixed,
            ("transparent_hugepage", Some(which)) => {
                self.huge_pages = Some(match which {
                    "always" => HugePages::Always,
                    "madvise" => HugePages::Madvise,
                    "never" => HugePages::Never,
                    _ => return None,
                });
            }
            ("quiet", None) => self.is_quiet = true,
            ("init", Some(path)) => self.init = Some(String::try_from(path).ok()?),
            ("root", Some(device)) => self.root = Some(String::try_from(device).ok()?),
            ("rootfstype", Some(kind)) => self.root_kind = Some(String::try_from(kind).ok()?),
            // All disks are found before the root is mounted.
            ("rootwait", None) => {}
            ("ro", None) => self.is_root_writable = false,
            ("rw", None) => self.is_root_writable = true,
            ("strace", word) => {
                self.strace = Some(String::try_from(word.unwrap_or("all")).ok()?);
            }
            ("seal", Some("scrub")) => self.is_scrubbed = true,
            ("seal", Some("background")) => self.is_scrubbed_in_background = true,
            ("seal", Some("eio")) => self.is_disk_damage_an_error = true,
            ("layout", Some(name)) => self.layout = Layout::from_name(name)?,
            (name, value) => self.tests.apply(name, value)?,
        }
        Some(())
    }

    /// Returns the CPU features to turn on.
    pub fn cpu_features(&self) -> FeatureChoice {
        if self.is_safe { FeatureChoice::Required } else { FeatureChoice::All }
    }

    /// Returns the largest number of CPUs that may be used.
    pub fn cpus_max(&self) -> usize {
        self.cpus_max.map_or(usize::MAX, usize::from)
    }

    /// Returns the mode in which text is sent on the serial port.
    pub fn serial_sending(&self) -> serial::Mode {
        if self.is_safe { serial::Mode::Polling } else { serial::Mode::Interrupts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boot::TestChoice;

    #[test_case]
    fn known_words_are_taken_and_others_skipped() {
        let options = Options::parse(b"x safe y=z \xFF test=\"a b\" test-ask test-ask=x \"open");
        assert!(options.is_safe);
        assert_eq!(options.tests.choice("a b c", false), TestChoice::Run);
        assert_eq!(options.tests.choice("ab", false), TestChoice::FilterOut);
        assert!(options.tests.is_first_asked);
        assert_eq!(options.serial_sending(), serial::Mode::Polling);
    }

    #[test_case]
    fn seal_is_only_made_stricter() {
        for (line, is_scrubbed) in
            [(&b"seal=scrub"[..], true), (b"seal=scrub seal=off seal=", true), (b"seal", false)]
        {
            assert_eq!(Options::parse(line).is_scrubbed, is_scrubbed);
        }
        assert!(Options::parse(b"seal=background seal=off").is_scrubbed_in_background);
        let options = Options::parse(b"seal=eio");
        assert!(options.is_disk_damage_an_error && !options.is_scrubbed);
    }

    #[test_case]
    fn layouts_are_chosen_by_name() {
        assert_eq!(Options::parse(b"layout=de").layout, Layout::De);
        assert_eq!(Options::parse(b"layout=fr layout=xx layout").layout, Layout::Fr);
    }
}
