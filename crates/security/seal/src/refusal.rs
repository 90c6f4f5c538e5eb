//! Why something that was loaded isn't what was sealed.

use core::fmt;

/// What differs from the manifest. Its text says what to do where something can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal<'a> {
    /// The kernel's key proves nothing: see [`Key::is_strong`](crate::Key::is_strong).
    WeakKey,
    /// The loader has loaded no manifest, or several.
    NoManifest,
    /// The manifest doesn't end with a signature, or with something after its zeros.
    NoSignature,
    /// The signature isn't that of the kernel's key.
    Signature,
    /// The line of this number, from 1 on, can't be read: it is that of another version.
    Line(usize),
    /// A section of the kernel has other bytes.
    Section(&'a str),
    /// A section of the kernel isn't in the manifest.
    UnknownSection(&'a str),
    /// The command line is none of those in the manifest.
    CommandLine,
    /// A module of the manifest isn't loaded.
    MissingModule(&'a str),
    /// A module that isn't in the manifest is loaded, or at another place in their order.
    UnknownModule {
        /// Its number, from 1 on, in the order in which they are loaded.
        number: usize,
    },
    /// A module has another length.
    ModuleLength {
        /// Its arguments.
        arguments: &'a str,
        /// Its length in bytes.
        is: u64,
        /// The length in the manifest.
        sealed: u64,
    },
    /// A module has other bytes.
    Module(&'a str),
}

impl fmt::Display for Refusal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WeakKey => write!(f, "the kernel's key is weak: anybody can sign for it"),
            Self::NoManifest => write!(f, "the loader has loaded no manifest, or several"),
            Self::NoSignature => write!(f, "the manifest has no signature, or bytes after it"),
            Self::Signature => write!(f, "the manifest isn't signed by the kernel's key"),
            Self::Line(line) => write!(f, "line {line} of the manifest can't be read"),
            Self::Section(name) => write!(f, "the kernel's {name} differs from what was sealed"),
            Self::UnknownSection(name) => write!(f, "the kernel's {name} isn't in the manifest"),
            Self::CommandLine => write!(f, "the command line isn't one that was sealed"),
            Self::MissingModule(arguments) => write!(f, "the module \"{arguments}\" is missing"),
            Self::UnknownModule { number } => {
                write!(f, "module {number} isn't the one that was sealed at its place")
            }
            Self::ModuleLength { arguments, is, sealed } => {
                write!(f, "the module \"{arguments}\" has {is} bytes, {sealed} were sealed")
            }
            Self::Module(arguments) => {
                write!(f, "the module \"{arguments}\" differs from what was sealed")
            }
        }
    }
}
