//! Archives, whole and hostile, as bytes that are made here.
//!
//! Invariant: what is read was written by the packer below, which writes what it is told, true or not. It does not test
//! the limits of inflation: `unpack` does.

use std::io::{Cursor, Write as _};

use super::*;

/// What the packer says of a file.
struct Said<'a> {
    name: &'a str,
    flags: u16,
    method: u16,
    bytes: &'a [u8],
}

fn plain<'a>(name: &'a str, bytes: &'a [u8]) -> Said<'a> {
    Said { name, flags: 0, method: STORED, bytes }
}

fn packed(said: &Said<'_>) -> Vec<u8> {
    if said.method != DEFLATE {
        return said.bytes.to_vec();
    }
    let mut out = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(said.bytes).unwrap();
    out.finish().unwrap()
}

fn archive(files: &[Said<'_>]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for said in files {
        let data = packed(said);
        let at = out.len() as u32;
        let mut fields = Vec::new();
        for short in [said.flags, said.method, 0, 0] {
            fields.extend(short.to_le_bytes());
        }
        for long in [crc32fast::hash(said.bytes), data.len() as u32, said.bytes.len() as u32] {
            fields.extend(long.to_le_bytes());
        }
        fields.extend((said.name.len() as u16).to_le_bytes());
        fields.extend([0, 0]);
        out.extend([&b"PK\x03\x04\x14\x00"[..], &fields, said.name.as_bytes(), &data].concat());
        directory.extend([&b"PK\x01\x02\x14\x00\x14\x00"[..], &fields, &[0; 10], &at.to_le_bytes()].concat());
        directory.extend(said.name.as_bytes());
    }
    let (at, length, count) = (out.len() as u32, directory.len() as u32, files.len() as u16);
    out.extend(directory);
    out.extend([&b"PK\x05\x06\0\0\0\0"[..], &count.to_le_bytes(), &count.to_le_bytes()].concat());
    out.extend([&length.to_le_bytes()[..], &at.to_le_bytes(), &[0, 0]].concat());
    out
}

/// Names and texts of the files; an error about one stands in its place.
fn read(bytes: Vec<u8>) -> Vec<String> {
    let mut archive = match Archive::open(Cursor::new(bytes), 5) {
        Ok(archive) => archive,
        Err(error) => return vec![error.to_string()],
    };
    let mut found = Vec::new();
    loop {
        match archive.next_file() {
            Ok(None) => return found,
            Err(error) => found.push(error.to_string()),
            Ok(Some(mut file)) => {
                let mut text = String::new();
                found.push(match file.reader.read_to_string(&mut text) {
                    Ok(_) => format!("{}: {text}", file.name),
                    Err(error) => error.to_string(),
                });
            }
        }
    }
}

#[test]
fn files_come_out_one_after_the_other() {
    let zstd = zstd::encode_all(&b"three"[..], 1).unwrap();
    let files = [
        plain("logs/", b""),
        plain("logs/a.log", b"one"),
        Said { method: DEFLATE, ..plain("b.log", b"two two two two") },
        plain("__MACOSX/._b.log", b"junk"),
    ];
    assert_eq!(read(archive(&files)), ["logs/a.log: one", "b.log: two two two two"]);
    let behind_a_program = [b"#!/bin/sh\n".to_vec(), archive(&files)].concat();
    assert_eq!(read(behind_a_program).len(), 2);
    let lied = read(archive(&[Said { method: ZSTD, ..plain("c", &zstd) }]));
    assert_eq!(lied, ["the file is not whole zip: a file is shorter than its directory says"]);
}

#[test]
fn names_lead_nowhere() {
    let check = |name: &str, expected: &str| assert_eq!(harmless_name(name), expected, "{name}");
    check("../../etc/passwd", "etc/passwd");
    check("/etc/passwd", "etc/passwd");
    check("C:\\Windows\\..\\a.log", "Windows/a.log");
    check("a\nb\u{202e}\0", "a_b\u{202e}_");
    check("..", "file");
    check("", "file");
    check(&"x".repeat(1_000), &"x".repeat(200));
    assert_eq!(read(archive(&[plain("../../a.log", b"one")])), ["a.log: one"]);
}

#[test]
fn what_cannot_be_unpacked_says_so_and_the_others_are_read() {
    let files = [
        Said { flags: 1, ..plain("secret.log", b"x") },
        Said { method: 12, ..plain("b.log", b"x") },
        plain("c.log", b"one"),
    ];
    assert_eq!(
        read(archive(&files)),
        [
            "\"secret.log\" in the archive is encrypted; pack it without a password",
            "\"b.log\" in the archive is packed by method 12; pack it with deflate, zstd or not at all",
            "c.log: one"
        ]
    );
}

#[test]
fn a_damaged_archive_ends_in_a_sentence() {
    let whole = archive(&[plain("a.log", b"one two three"), plain("b.log", b"four")]);
    let check = |bytes: Vec<u8>, expected: &str| assert_eq!(read(bytes)[0], expected);
    check(whole[..whole.len() - 1].to_vec(), "the file is not whole zip: it has no directory at its end");
    let mut changed = whole.clone();
    changed[36] ^= 1;
    check(changed, "the file is not whole zip: the checksum of a file is wrong");
    let many: Vec<Said<'_>> = (0..6).map(|_| plain("a", b"x")).collect();
    check(archive(&many), "the archive has 6 files, more than 5; send it in parts");
    check(archive(&[]), "the archive holds no file");
    for length in 0..whole.len() {
        read(whole[..length].to_vec());
    }
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0x81;
        read(changed);
    }
}
