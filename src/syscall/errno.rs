//! Error numbers, as programs see them.

use core::fmt;

/// Defines the error numbers of Linux on x86-64.
macro_rules! errors {
    ($($number:literal $name:ident)*) => {
        #[expect(missing_docs, reason = "they are the names of errno(3)")]
        impl Errno {
            $( pub const $name: Self = Self($number); )*
        }

        impl Errno {
            /// Returns its name, as errno(3) has it.
            pub fn name(self) -> &'static str {
                match self.0 {
                    $($number => stringify!($name),)*
                    _ => "E???",
                }
            }
        }
    };
}

/// An error number.
///
/// Source: errno(3); Linux, include/uapi/asm-generic/errno.h.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Errno(u16);

impl Errno {
    /// Returns what RAX has after a system call that has failed so.
    pub fn result(self) -> u64 {
        u64::from(self.0).wrapping_neg()
    }

    /// Returns the error of what RAX has, if it is one.
    pub fn of_result(result: u64) -> Option<Self> {
        let number = result.wrapping_neg();
        (1..4096).contains(&number).then_some(Self(number as u16))
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

errors! {
    1 EPERM
    2 ENOENT
    3 ESRCH
    4 EINTR
    5 EIO
    6 ENXIO
    7 E2BIG
    8 ENOEXEC
    9 EBADF
    10 ECHILD
    11 EAGAIN
    12 ENOMEM
    13 EACCES
    14 EFAULT
    15 ENOTBLK
    16 EBUSY
    17 EEXIST
    18 EXDEV
    19 ENODEV
    20 ENOTDIR
    21 EISDIR
    22 EINVAL
    23 ENFILE
    24 EMFILE
    25 ENOTTY
    26 ETXTBSY
    27 EFBIG
    28 ENOSPC
    29 ESPIPE
    30 EROFS
    31 EMLINK
    32 EPIPE
    33 EDOM
    34 ERANGE
    35 EDEADLK
    36 ENAMETOOLONG
    37 ENOLCK
    38 ENOSYS
    39 ENOTEMPTY
    40 ELOOP
    42 ENOMSG
    43 EIDRM
    44 ECHRNG
    45 EL2NSYNC
    46 EL3HLT
    47 EL3RST
    48 ELNRNG
    49 EUNATCH
    50 ENOCSI
    51 EL2HLT
    52 EBADE
    53 EBADR
    54 EXFULL
    55 ENOANO
    56 EBADRQC
    57 EBADSLT
    59 EBFONT
    60 ENOSTR
    61 ENODATA
    62 ETIME
    63 ENOSR
    64 ENONET
    65 ENOPKG
    66 EREMOTE
    67 ENOLINK
    68 EADV
    69 ESRMNT
    70 ECOMM
    71 EPROTO
    72 EMULTIHOP
    73 EDOTDOT
    74 EBADMSG
    75 EOVERFLOW
    76 ENOTUNIQ
    77 EBADFD
    78 EREMCHG
    79 ELIBACC
    80 ELIBBAD
    81 ELIBSCN
    82 ELIBMAX
    83 ELIBEXEC
    84 EILSEQ
    85 ERESTART
    86 ESTRPIPE
    87 EUSERS
    88 ENOTSOCK
    89 EDESTADDRREQ
    90 EMSGSIZE
    91 EPROTOTYPE
    92 ENOPROTOOPT
    93 EPROTONOSUPPORT
    94 ESOCKTNOSUPPORT
    95 EOPNOTSUPP
    96 EPFNOSUPPORT
    97 EAFNOSUPPORT
    98 EADDRINUSE
    99 EADDRNOTAVAIL
    100 ENETDOWN
    101 ENETUNREACH
    102 ENETRESET
    103 ECONNABORTED
    104 ECONNRESET
    105 ENOBUFS
    106 EISCONN
    107 ENOTCONN
    108 ESHUTDOWN
    109 ETOOMANYREFS
    110 ETIMEDOUT
    111 ECONNREFUSED
    112 EHOSTDOWN
    113 EHOSTUNREACH
    114 EALREADY
    115 EINPROGRESS
    116 ESTALE
    117 EUCLEAN
    118 ENOTNAM
    119 ENAVAIL
    120 EISNAM
    121 EREMOTEIO
    122 EDQUOT
    123 ENOMEDIUM
    124 EMEDIUMTYPE
    125 ECANCELED
    126 ENOKEY
    127 EKEYEXPIRED
    128 EKEYREVOKED
    129 EKEYREJECTED
    130 EOWNERDEAD
    131 ENOTRECOVERABLE
    132 ERFKILL
    133 EHWPOISON
}
