//! Real pictures, made by the encoders that others use: every pixel stays, and nothing else does.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a picture that cannot be made must fail the test"
)]

use image::{ExtendedColorType, ImageEncoder as _, Rgb, RgbImage};
use media::{Cleaner, Kind, Unreadable, clean};
use proptest::prelude::*;

/// What must be gone afterwards.
const SECRET: &[u8] = b"45.4064N 11.8768E Canary Phone 9 2026:11:22 03:14:15";

fn picture() -> RgbImage {
    RgbImage::from_fn(61, 43, |x, y| {
        let value = |factor: u32| u8::try_from((x * factor + y * 7) % 256).unwrap();
        Rgb([value(3), value(5), value(11)])
    })
}

fn jpeg() -> Vec<u8> {
    let mut file = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut file, 80).encode_image(&picture()).unwrap();
    file
}

fn png() -> Vec<u8> {
    let mut file = Vec::new();
    let encoder = image::codecs::png::PngEncoder::new(&mut file);
    encoder.write_image(picture().as_raw(), 61, 43, ExtendedColorType::Rgb8).unwrap();
    file
}

fn webp() -> Vec<u8> {
    let mut file = Vec::new();
    let encoder = image::codecs::webp::WebPEncoder::new_lossless(&mut file);
    encoder.encode(picture().as_raw(), 61, 43, ExtendedColorType::Rgb8).unwrap();
    file
}

/// TIFF, little-endian, with an orientation and a text of the camera's.
fn tiff(orientation: u8) -> Vec<u8> {
    let mut bytes = b"II*\0\x08\0\0\0\x02\0".to_vec();
    bytes.extend_from_slice(&[0x0f, 0x01, 2, 0]);
    bytes.extend_from_slice(&u32::try_from(SECRET.len()).unwrap().to_le_bytes());
    bytes.extend_from_slice(&[38, 0, 0, 0]);
    bytes.extend_from_slice(&[0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(SECRET);
    bytes
}

fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap();
    [&[0xff, marker], length.to_be_bytes().as_slice(), content].concat()
}

fn chunk(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
    let mut sum = u32::MAX;
    for byte in kind.iter().chain(content) {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { 0xedb8_8320 ^ (sum >> 1) } else { sum >> 1 };
        }
    }
    let length = u32::try_from(content.len()).unwrap();
    [length.to_be_bytes().as_slice(), &kind, content, (!sum).to_be_bytes().as_slice()].concat()
}

fn riff(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap();
    let padding = vec![0; content.len() % 2];
    [kind.as_slice(), length.to_le_bytes().as_slice(), content, &padding].concat()
}

/// A picture as a telephone writes it: everything that can be in one.
fn jpeg_of_a_phone(orientation: u8) -> Vec<u8> {
    let plain = jpeg();
    let exif = [b"Exif\0\0".as_slice(), &tiff(orientation)].concat();
    let xmp = [b"http://ns.adobe.com/xap/1.0/\0".as_slice(), SECRET].concat();
    [
        &plain[..2],
        &segment(0xe1, &exif),
        &segment(0xe1, &xmp),
        &segment(0xe2, &[b"MPF\0".as_slice(), SECRET].concat()),
        &segment(0xe2, &[b"ICC_PROFILE\0\x01\x01".as_slice(), SECRET].concat()),
        &segment(0xed, &[b"Photoshop 3.0\0".as_slice(), SECRET].concat()),
        &segment(0xfe, SECRET),
        &plain[2..],
        // A motion photo: the film follows the picture.
        b"\0\0\0\x18ftypmp42",
        SECRET,
    ]
    .concat()
}

fn png_of_a_phone(orientation: u8) -> Vec<u8> {
    let plain = png();
    let (start, rest) = plain.split_at(33);
    [
        start,
        &chunk(*b"iCCP", SECRET),
        &chunk(*b"gAMA", &[0, 0, 0xb1, 0x8f]),
        &chunk(*b"eXIf", &tiff(orientation)),
        &chunk(*b"tEXt", SECRET),
        &chunk(*b"tIME", &[7, 0xea, 11, 22, 3, 14, 15]),
        &chunk(*b"zzZz", SECRET),
        rest,
        SECRET,
    ]
    .concat()
}

fn webp_of_a_phone(orientation: u8) -> Vec<u8> {
    let plain = webp();
    // Flags: colour profile, EXIF, XMP. Then the size less one.
    let extended = [0x20 | 0x08 | 0x04, 0, 0, 0, 60, 0, 0, 42, 0, 0];
    let body = [
        b"WEBP".as_slice(),
        &riff(*b"VP8X", &extended),
        &riff(*b"ICCP", SECRET),
        &plain[12..],
        &riff(*b"EXIF", &tiff(orientation)),
        &riff(*b"XMP ", &SECRET[1..]),
    ]
    .concat();
    let length = u32::try_from(body.len()).unwrap();
    [b"RIFF".as_slice(), length.to_le_bytes().as_slice(), &body, SECRET].concat()
}

fn contains(hay: &[u8], needle: &[u8]) -> bool {
    hay.windows(needle.len()).any(|window| window == needle)
}

fn pixels(file: &[u8]) -> Vec<u8> {
    image::load_from_memory(file).unwrap().into_rgb8().into_raw()
}

fn phones(orientation: u8) -> [Vec<u8>; 3] {
    [jpeg_of_a_phone(orientation), png_of_a_phone(orientation), webp_of_a_phone(orientation)]
}

/// Cleans in parts of these lengths, one after the other.
fn clean_in_parts(file: &[u8], lengths: &[usize]) -> Result<Vec<u8>, Unreadable> {
    let kind = Kind::of(file).ok_or(Unreadable)?;
    let read = |cleaner: &mut Cleaner| -> Result<Vec<u8>, Unreadable> {
        let (mut out, mut rest, mut next) = (Vec::new(), file, lengths.iter().cycle());
        while !rest.is_empty() {
            let (part, after) = rest.split_at((*next.next().unwrap()).clamp(1, rest.len()));
            cleaner.push(part, &mut out)?;
            rest = after;
        }
        Ok(out)
    };
    let mut first = Cleaner::survey(kind);
    read(&mut first)?;
    let survey = first.finish()?;
    let mut second = Cleaner::of(&survey);
    let out = read(&mut second)?;
    assert_eq!(out.len() as u64, survey.length(), "the first reading knows the length");
    second.finish()?;
    Ok(out)
}

#[test]
fn every_pixel_stays_and_nothing_else_does() {
    for (plain, phone) in [jpeg(), png(), webp()].iter().zip(phones(6)) {
        assert!(contains(&phone, SECRET));
        let cleaned = clean(&phone).unwrap();
        for length in [8, 16, SECRET.len()] {
            for part in SECRET.windows(length) {
                assert!(!contains(&cleaned, part), "{:?}", String::from_utf8_lossy(part));
            }
        }
        assert_eq!(pixels(&cleaned), pixels(plain));
        assert_eq!(pixels(&cleaned), pixels(&phone));
    }
}

#[test]
fn a_picture_that_lies_on_its_side_is_still_turned() {
    use image::ImageDecoder as _;
    for orientation in 1..=8 {
        for phone in phones(orientation) {
            let cleaned = clean(&phone).unwrap();
            let reader =
                image::ImageReader::new(std::io::Cursor::new(&cleaned)).with_guessed_format().unwrap();
            let told = reader.into_decoder().unwrap().orientation().unwrap();
            let expected = image::metadata::Orientation::from_exif(orientation).unwrap();
            assert_eq!(told, expected, "{:?} {orientation}", Kind::of(&phone));
        }
    }
}

#[test]
fn a_picture_with_nothing_in_it_stays_as_it_is() {
    assert_eq!(clean(&png()).unwrap(), png());
    assert_eq!(clean(&webp()).unwrap(), webp());
    // The encoder writes a JFIF segment, which is written anew; the rest is the same.
    let cleaned = clean(&jpeg()).unwrap();
    assert_eq!(cleaned[20..], jpeg()[20..]);
}

#[test]
fn what_is_cut_short_or_altered_is_refused() {
    for phone in [jpeg(), png(), webp()] {
        for length in 0..phone.len() {
            assert_eq!(clean(&phone[..length]), Err(Unreadable), "{length} bytes");
        }
    }
    let mut altered = png();
    let place = altered.len() - 40;
    altered[place] ^= 1;
    assert_eq!(clean(&altered), Err(Unreadable), "a wrong check sum");
    for other in [b"%PDF-1.7".as_slice(), b"GIF89a", b"", b"RIFF\0\0\0\0WAVE"] {
        assert_eq!(clean(other), Err(Unreadable));
    }
}

#[test]
fn the_frames_of_an_animation_stay() {
    let plain = webp();
    let frame = [&[0, 0, 0, 0, 0, 0, 60, 0, 0, 42, 0, 0, 100, 0, 0, 0], &plain[12..]].concat();
    let body = |inside: &[u8]| {
        let extended = [0x02 | 0x08, 0, 0, 0, 60, 0, 0, 42, 0, 0];
        let frame = [frame.as_slice(), inside].concat();
        let body = [
            b"WEBP".as_slice(),
            &riff(*b"VP8X", &extended),
            &riff(*b"ANIM", &[0; 6]),
            &riff(*b"ANMF", &frame),
            &riff(*b"ANMF", &frame),
            &riff(*b"EXIF", &tiff(1)),
        ]
        .concat();
        [b"RIFF".as_slice(), u32::try_from(body.len()).unwrap().to_le_bytes().as_slice(), &body].concat()
    };
    let cleaned = clean(&body(&[])).unwrap();
    assert_eq!(cleaned.windows(4).filter(|window| window == b"ANMF").count(), 2);
    assert_eq!(cleaned[20], 0x02, "an animation, and nothing said that is not there");
    assert!(!contains(&cleaned, SECRET));
    let decoder = image::codecs::webp::WebPDecoder::new(std::io::Cursor::new(&cleaned)).unwrap();
    assert_eq!(image::AnimationDecoder::into_frames(decoder).collect_frames().unwrap().len(), 2);
    assert_eq!(clean(&body(&riff(*b"UNKN", SECRET))), Err(Unreadable), "something else inside a frame");
}

proptest! {
    #[test]
    fn any_bytes_are_cleaned_or_refused(start in 0_usize..4, bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let starts: [&[u8]; 4] = [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", b"RIFF\x64\0\0\0WEBPVP8L", b""];
        let file = [starts[start], &bytes].concat();
        if let Ok(cleaned) = clean(&file) {
            prop_assert_eq!(clean(&cleaned).unwrap(), cleaned);
        }
    }

    #[test]
    fn any_change_is_cleaned_or_refused(which in 0_usize..3, changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6)) {
        let mut file = phones(6)[which].clone();
        for (place, byte) in changes {
            let place = place.index(file.len());
            file[place] = byte;
        }
        if let Ok(cleaned) = clean(&file) {
            prop_assert_eq!(clean(&cleaned).unwrap(), cleaned);
        }
    }

    #[test]
    fn how_the_file_is_cut_into_parts_changes_nothing(which in 0_usize..3, orientation in 1_u8..9, lengths in proptest::collection::vec(1_usize..90, 1..9)) {
        let file = &phones(orientation)[which];
        prop_assert_eq!(clean_in_parts(file, &lengths).unwrap(), clean(file).unwrap());
    }
}
