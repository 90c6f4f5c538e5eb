//! Guesses whether an address is a return address.

/// The most bytes that [`is_after_call`] uses.
const CALL_BYTES_MAX: usize = 8;

/// Returns whether `bytes`, which are the memory before an address, end with a near call:
/// relative (E8), or through a register or memory (FF /2).
///
/// Other bytes may look like a call by chance, so this is a guess. With at least 8 bytes
/// it is true for every real return address.
///
/// Source: Intel SDM volume 2, "CALL", "Instruction Format".
pub fn is_after_call(bytes: &[u8]) -> bool {
    let is_direct = bytes.len() >= 5 && bytes[bytes.len() - 5] == 0xE8;
    let is_indirect = (2..=bytes.len().min(CALL_BYTES_MAX)).any(|len| {
        let [0xFF, operand @ ..] = &bytes[bytes.len() - len..] else {
            return false;
        };
        operand_bytes(operand) == Some(operand.len())
    });
    is_direct || is_indirect
}

/// Returns the length of a call's operand (ModRM, SIB and displacement); `None` if it
/// isn't the operand of a near call.
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
