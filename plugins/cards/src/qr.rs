//! QR codes: drawing one for a card, and reading those on the pictures that people send.
//!
//! Drawing leaves room for errors (level Q: a quarter of the code may be hidden by a logo or a scratch) and writes the
//! code for people underneath, so that a printed label can also be typed. Reading goes from the bytes of a picture to
//! grey pixels (`qr/luma.rs`), to dark and light (`qr/bits.rs`), to the three corner marks (`qr/finder.rs`), to the
//! squares between them (`qr/grid.rs`). Both know nothing of cards.

mod bits;
mod finder;
mod font;
mod grid;
mod lens;
mod luma;

use std::borrow::Cow;

use qrcode::{Color, EcLevel, QrCode};

use bits::{Bits, Threshold};
use luma::Luma;
pub(crate) use luma::{MAX_BYTES, Unreadable};

/// The light border that the standard asks for, in squares.
const BORDER: usize = 4;

/// How many pixels one square of a drawn code takes.
const SCALE: usize = 10;

/// How much looking one picture may cost, in pixels looked at. A picture that hides nothing costs all of it: measured at
/// 4 to 16 ns a pixel natively.
const BUDGET: usize = 7_000_000;

/// The longest side at which a picture is searched first. Telegram's own photos have at most 1280 pixels.
const COMFORTABLE: usize = 1280;

/// Draws `content` as a PNG, with `label` underneath.
pub(crate) fn draw(content: &str, label: &str) -> Result<Vec<u8>, String> {
    let code = QrCode::with_error_correction_level(content, EcLevel::Q).map_err(|error| error.to_string())?;
    let squares = code.to_colors();
    let side = code.width();
    let text = font::Line::new(label);
    let width = (side + 2 * BORDER) * SCALE;
    let letter = (width / (text.width() + 8)).clamp(1, 4);
    let (left, top) = (width.saturating_sub(text.width() * letter) / 2, (side + 2 * BORDER) * SCALE);
    let height = top + (font::HEIGHT * letter) + 2 * SCALE;

    let mut pixels = Vec::with_capacity(height * width.div_ceil(8));
    for y in 0..height {
        for start in (0..width).step_by(8) {
            let dark = |x: usize| {
                let (row, column) = ((y / SCALE).wrapping_sub(BORDER), (x / SCALE).wrapping_sub(BORDER));
                let square = row < side && column < side && squares[row * side + column] == Color::Dark;
                let ink = y >= top && x >= left && text.is_dark((x - left) / letter, (y - top) / letter);
                square || ink
            };
            pixels.push((start..start + 8).fold(0, |byte, x| byte << 1 | u8::from(!(x < width && dark(x)))));
        }
    }
    write_png(width, height, &pixels).map_err(|error| error.to_string())
}

/// Writes one bit a pixel as a PNG.
fn write_png(width: usize, height: usize, pixels: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let size = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
    let mut encoder = png::Encoder::new(&mut file, size(width), size(height));
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(file)
}

/// Reads what the QR codes on a picture say; nothing if there are none. `wanted` ends the search as soon as it is true
/// of one of them.
pub(crate) fn read(file: &[u8], wanted: impl Fn(&str) -> bool) -> Result<Vec<String>, Unreadable> {
    let picture = Luma::decode(file)?;
    Ok(search(&picture, wanted))
}

/// Looks at a picture in several ways, the likeliest first, until something is found or the budget is spent.
fn search(picture: &Luma, wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let longest = picture.width.max(picture.height);
    let normal = longest.div_ceil(COMFORTABLE).max(1);
    // 1. As it is. 2. Half as large: noise and small gaps go. 3. With a threshold that follows shadows less, for blur.
    // 4. Light on dark. 5. As large as it came, for a small code on a large picture.
    let mut ways = vec![
        (normal, Threshold::Near, false),
        (normal * 2, Threshold::Near, false),
        (normal, Threshold::Far, false),
        (normal, Threshold::Near, true),
        (normal * 2, Threshold::Far, false),
        (normal * 3, Threshold::Far, false),
        (normal * 2, Threshold::Near, true),
    ];
    if normal > 1 {
        ways.insert(3, (normal.div_ceil(2), Threshold::Near, false));
    }
    let mut left = BUDGET;
    let mut found: Vec<String> = Vec::new();
    for (factor, threshold, inverted) in ways {
        let size = (picture.width / factor) * (picture.height / factor);
        if size < 21 * 21 || size > left {
            continue;
        }
        left -= size;
        let scaled = if factor == 1 { Cow::Borrowed(picture) } else { Cow::Owned(picture.shrink(factor)) };
        let bits = Bits::of(&scaled, threshold, inverted);
        for content in grid::read_all(&bits) {
            let done = wanted(&content);
            if !found.contains(&content) {
                found.push(content);
            }
            if done {
                return found;
            }
        }
        if !found.is_empty() {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests;
