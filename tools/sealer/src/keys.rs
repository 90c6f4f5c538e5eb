//! The files of keys.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result, bail};
use ed25519_compact::{KeyPair, PublicKey};
use seal::Key;

/// Makes a private key in a new file, which only its owner can read.
pub fn make(file: &Path) -> Result<()> {
    let text = KeyPair::generate().to_pem();
    let mut new =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).with_context(
            || format!("{} can't be made; a key is never replaced", file.display()),
        )?;
    new.write_all(text.as_bytes())?;
    println!("The private key is in {}: keep it, and keep it secret.", file.display());
    println!("The public key is {}", public_key(file)?);
    Ok(())
}

/// Reads a private key.
pub fn private_key(file: &Path) -> Result<KeyPair> {
    let text = fs::read_to_string(file).with_context(|| format!("{}", file.display()))?;
    KeyPair::from_pem(&text)
        .ok()
        .with_context(|| format!("{} isn't a private Ed25519 key in PKCS #8", file.display()))
}

/// Returns the public key of a private one.
pub fn public_key(file: &Path) -> Result<Key> {
    Ok(Key(*private_key(file)?.pk))
}

/// Reads a public key: 64 hexadecimal digits, or a file with a public or a private key.
pub fn named(key: &str) -> Result<Key> {
    if let Ok(key) = key.parse() {
        return Ok(key);
    }
    let text = fs::read_to_string(key)
        .with_context(|| format!("{key} is neither the digits of a key nor a file"))?;
    if let Ok(public) = PublicKey::from_pem(&text) {
        return Ok(Key(*public));
    }
    match KeyPair::from_pem(&text) {
        Ok(pair) => Ok(Key(*pair.pk)),
        Err(_) => bail!("{key} isn't an Ed25519 key"),
    }
}
