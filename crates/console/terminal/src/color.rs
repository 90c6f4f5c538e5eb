//! Colours, and their conversion to the colours of devices.
//!
//! Source: "XTerm Control Sequences", "256 colors" (the cube and the greys);
//! console_codes(4) and the VGA's palette (the first 16).

/// A colour as red, green and blue.
type Rgb = [u8; 3];

/// The colours 0 to 15, as the VGA and the Linux console have them: black, red, green,
/// brown, blue, magenta, cyan, light grey, and the same bright.
const ANSI: [Rgb; 16] = [
    [0x00, 0x00, 0x00],
    [0xAA, 0x00, 0x00],
    [0x00, 0xAA, 0x00],
    [0xAA, 0x55, 0x00],
    [0x00, 0x00, 0xAA],
    [0xAA, 0x00, 0xAA],
    [0x00, 0xAA, 0xAA],
    [0xAA, 0xAA, 0xAA],
    [0x55, 0x55, 0x55],
    [0xFF, 0x55, 0x55],
    [0x55, 0xFF, 0x55],
    [0xFF, 0xFF, 0x55],
    [0x55, 0x55, 0xFF],
    [0xFF, 0x55, 0xFF],
    [0x55, 0xFF, 0xFF],
    [0xFF, 0xFF, 0xFF],
];

/// The colours from 16 to 231 are all mixtures of six steps of red, green and blue.
const CUBE_START: u8 = 16;
const CUBE_STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The colours from 232 to 255 are greys.
const GREYS_START: u8 = 232;

/// A colour, as a program selects it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// The terminal's default colour.
    #[default]
    Default,
    /// One of xterm's 256 colours. The first 16 are those of ANSI, in which 1 is red and
    /// 4 is blue.
    Indexed(u8),
    /// Red, green and blue.
    Rgb(u8, u8, u8),
}

impl Color {
    /// Returns red, green and blue; `default` is the value of [`Color::Default`].
    pub fn rgb(self, default: [u8; 3]) -> [u8; 3] {
        match self {
            Self::Default => default,
            Self::Rgb(red, green, blue) => [red, green, blue],
            Self::Indexed(index @ ..CUBE_START) => ANSI[usize::from(index)],
            Self::Indexed(index @ CUBE_START..GREYS_START) => {
                let index = usize::from(index - CUBE_START);
                [index / 36, index / 6 % 6, index % 6].map(|step| CUBE_STEPS[step])
            }
            Self::Indexed(index) => [8 + 10 * (index - GREYS_START); 3],
        }
    }

    /// Returns the nearest of ANSI's 16 colours, numbered as by SGR: 1 is red and 4 is
    /// blue (the VGA's attributes number these two the other way round). `default` is the
    /// number for [`Color::Default`].
    pub fn nearest_ansi(self, default: u8) -> u8 {
        match self {
            Self::Default => default,
            Self::Indexed(index @ ..CUBE_START) => index,
            Self::Indexed(_) | Self::Rgb(..) => {
                let wanted = self.rgb([0; 3]);
                let nearest = (0..).zip(ANSI).min_by_key(|&(_, rgb)| distance(wanted, rgb));
                nearest.map_or(default, |(index, _)| index)
            }
        }
    }

    /// Returns the bright variant of one of the first eight colours; any other colour
    /// unchanged.
    pub(crate) fn brightened(self) -> Self {
        match self {
            Self::Indexed(index @ ..8) => Self::Indexed(index + 8),
            _ => self,
        }
    }
}

/// Returns the square of the distance of two colours.
fn distance(a: Rgb, b: Rgb) -> u32 {
    a.iter().zip(b).map(|(&a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
}
