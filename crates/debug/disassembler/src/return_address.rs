//! Which addresses can be where a call comes back to.

/// The most bytes that [`is_behind_call`] looks at.
const CALL_BYTES_MAX: usize = 8;

/// Tells whether `bytes`, those before an address, end with a call: near, by a
/// distance (E8) or by a register or memory (FF /2).
///
/// Bytes can look like a call by chance, so it is a guess; a real return address is
/// never missed if 8 bytes are given.
///
/// Source: Intel SDM volume 2, "CALL", "Instruction Format".
pub fn is_behind_call(bytes: &[u8]) -> bool {
    let is_direct = bytes.len() >= 5 && bytes[bytes.len() - 5] == 0xE8;
    let is_indirect = (2..=bytes.len().min(CALL_BYTES_MAX)).any(|len| {
        let [0xFF, operand @ ..] = &bytes[bytes.len() - len..] else {
            return false;
        };
        operand_bytes(operand) == Some(operand.len())
    });
    is_direct || is_indirect
}

/// Returns how long a call's operand is: ModRM, SIB and displacement; `None` if it
/// isn't a near call's.
fn operand_bytes(operand: &[u8]) -> Option<usize> {
    let modrm = *operand.first()?;
    if modrm >> 3 & 7 != 2 {
        return None;
    }
    let (mode, register) = (modrm >> 6, modrm & 7);
    let has_sib = mode != 3 && register == 4;
    let sib_bytes = usize::from(has_sib);
    let base = if has_sib { *operand.get(1)? & 7 } else { register };
    let displacement_bytes = match mode {
        0 if base == 5 => 4,
        1 => 1,
        2 => 4,
        _ => 0,
    };
    Some(1 + sib_bytes + displacement_bytes)
}
