//! Seeded attributes and bytes.

use line_discipline::{InputFlags, LocalFlags, OutputFlags, Termios};

/// xorshift64*; the seed must not be 0.
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 33) as usize % limit
    }
}

/// Returns any flags, mostly canonical, with control characters near the usual ones.
pub fn random_termios(random: &mut Random) -> Termios {
    let mut termios = Termios::new();
    termios.input = InputFlags::from_bits_truncate(random.next() as u32);
    termios.output = OutputFlags::from_bits_truncate(random.next() as u32);
    termios.local = LocalFlags::from_bits_truncate(random.next() as u32);
    // LNEXT after ERASE with ECHOPRT and without ECHOCTL breaks Linux's echo: the next write
    // sends 4,096 old bytes.
    if termios.local.contains(LocalFlags::ECHOPRT) {
        termios.local |= LocalFlags::ECHOCTL;
    }
    // EXTPROC disables most other flags.
    termios.local.remove(LocalFlags::EXTPROC);
    if random.below(8) == 0 {
        termios.local |= LocalFlags::EXTPROC;
    }
    if random.below(3) != 0 {
        termios.local |= LocalFlags::ICANON | LocalFlags::ECHO;
        termios.output |= OutputFlags::OPOST;
    }
    if random.below(3) == 0 {
        termios.input.remove(InputFlags::ISTRIP | InputFlags::IGNCR);
    }
    if echoes_newlines_only(&termios) {
        termios.input.remove(InputFlags::IXON);
    }
    if random.below(6) == 0 {
        let at = random.below(17);
        // These values are also small as VMIN and VTIME.
        termios.characters[at] = [0, b'x', b'\r', b'\n', b'\t', 0xff, 0xe9][random.below(7)];
    }
    termios.characters[6] = random.below(6) as u8;
    termios.characters[5] = 0;
    termios
}

/// Returns whether only newlines are echoed. If the output was stopped, Linux sends such an
/// echo only with the next echo.
pub fn echoes_newlines_only(termios: &Termios) -> bool {
    termios.local & (LocalFlags::ECHO | LocalFlags::ECHONL) == LocalFlags::ECHONL
}

/// Returns up to `longest` bytes, at least one.
pub fn random_bytes(random: &mut Random, longest: usize) -> Vec<u8> {
    const WORDS: [&[u8]; 40] = [
        b"a",
        b"b",
        b"c",
        b"X",
        b"Y",
        b"9",
        b"_",
        b" ",
        b"\t",
        b"\t",
        b"\n",
        b"\r",
        b"\x08",
        b"\x7f",
        b"\x7f",
        b"\x7f",
        b"\x15",
        b"\x17",
        b"\x12",
        b"\x16",
        b"\x04",
        b"\x03",
        b"\x1c",
        b"\x1a",
        b"\x11",
        b"\x13",
        b"\x0f",
        b"\x1b",
        b"\0",
        b"\xff",
        b"\xc3\xa9",
        b"\xe2\x82\xac",
        b"\xf0\x9f\x98\x80",
        b"\xa9",
        b"\xe9",
        b"\xdf",
        b"x",
        b"ab cd",
        b"ab\tcd",
        b"\x7f\x7f",
    ];
    let wanted = 1 + random.below(longest);
    let mut bytes = Vec::new();
    while bytes.len() < wanted {
        bytes.extend_from_slice(WORDS[random.below(WORDS.len())]);
    }
    bytes
}
