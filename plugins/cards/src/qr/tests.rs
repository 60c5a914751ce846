//! Codes drawn and read again, also through what a telephone's camera does to them.

use super::*;

const LINK: &str = "https://t.me/guesthouse_cards_bot?start=verify_K7QF9M2XAB34CD56EF78";

/// Something that looks random but is the same in every run.
struct Lot(u64);

impl Lot {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 20
    }

    fn below(&mut self, bound: usize) -> usize {
        self.next() as usize % bound
    }

    /// Between -1 and 1.
    fn about(&mut self) -> f32 {
        self.below(20_001) as f32 / 10_000.0 - 1.0
    }
}

fn drawn() -> Luma {
    Luma::decode(&draw(LINK, "K7QF-9M2X-AB34-CD56-EF78").expect("it can be drawn")).expect("it is a PNG")
}

fn sees(picture: &Luma) -> bool {
    search(picture, |content| content == LINK).iter().any(|content| content == LINK)
}

/// What a camera sees of a picture whose corners lie at these places of the photo.
fn photograph(picture: &Luma, width: usize, height: usize, corners: [(f32, f32); 4], lot: &mut Lot) -> Luma {
    // The projection of the photo back onto the picture, by the same equations as a lens of 7 squares.
    let back = Projection::of(corners, picture.width as f32, picture.height as f32);
    let mut pixels = Vec::with_capacity(width * height);
    for y in 0..height {
        for x in 0..width {
            let table = 96 + ((x / 37 + y / 53) % 3) * 30;
            let mut sum = 0.0;
            // Four rays a pixel, so that edges are soft.
            for (dx, dy) in [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)] {
                let (u, v) = back.see(x as f32 + dx, y as f32 + dy);
                let inside = u >= 0.0 && v >= 0.0 && (u as usize) < picture.width && (v as usize) < picture.height;
                sum += if inside {
                    f32::from(picture.pixels[v as usize * picture.width + u as usize])
                } else {
                    table as f32
                };
            }
            // Paper is not white, ink is not black, the light falls from one side, and the sensor adds its noise.
            let light = 0.45 + 0.4 * (x as f32 / width as f32);
            pixels.push(((sum / 4.0 * 0.75 + 40.0) * light + lot.about() * 10.0).clamp(0.0, 255.0) as u8);
        }
    }
    Luma { width, height, pixels }
}

struct Projection([f32; 9]);

impl Projection {
    /// Takes these four corners to those of a rectangle (Heckbert's closed form, inverted).
    fn of(corners: [(f32, f32); 4], width: f32, height: f32) -> Self {
        let [(x0, y0), (x1, y1), (x2, y2), (x3, y3)] = corners;
        let (dx1, dx2, dx3) = (x1 - x2, x3 - x2, x0 - x1 + x2 - x3);
        let (dy1, dy2, dy3) = (y1 - y2, y3 - y2, y0 - y1 + y2 - y3);
        let z = dx1 * dy2 - dx2 * dy1;
        let (g, h) = ((dx3 * dy2 - dx2 * dy3) / z, (dx1 * dy3 - dx3 * dy1) / z);
        let (a, b, c) = (x1 - x0 + g * x1, x3 - x0 + h * x3, x0);
        let (d, e, f) = (y1 - y0 + g * y1, y3 - y0 + h * y3, y0);
        // The adjugate is the inverse up to a factor, which perspective does not see.
        let m = [
            e - f * h,
            c * h - b,
            b * f - c * e,
            f * g - d,
            a - c * g,
            c * d - a * f,
            d * h - e * g,
            b * g - a * h,
            a * e - b * d,
        ];
        Self([m[0] * width, m[1] * width, m[2] * width, m[3] * height, m[4] * height, m[5] * height, m[6], m[7], m[8]])
    }

    fn see(&self, x: f32, y: f32) -> (f32, f32) {
        let m = &self.0;
        let depth = m[6] * x + m[7] * y + m[8];
        ((m[0] * x + m[1] * y + m[2]) / depth, (m[3] * x + m[4] * y + m[5]) / depth)
    }
}

/// The corners of a square of this size, turned by `degrees` around the middle of the photo.
fn turned(width: usize, height: usize, size: f32, degrees: f32) -> [(f32, f32); 4] {
    let (sin, cos) = degrees.to_radians().sin_cos();
    [(-0.5, -0.53), (0.5, -0.53), (0.5, 0.53), (-0.5, 0.53)].map(|(x, y)| {
        let (x, y) = (x * size, y * size);
        (width as f32 / 2.0 + x * cos - y * sin, height as f32 / 2.0 + x * sin + y * cos)
    })
}

fn blur(picture: &mut Luma, radius: usize) {
    for _ in 0..2 {
        let old = picture.pixels.clone();
        for y in radius..picture.height - radius {
            for x in radius..picture.width - radius {
                let rows = y - radius..=y + radius;
                let sum: usize = rows
                    .map(|row| {
                        old[row * picture.width + x - radius..=row * picture.width + x + radius]
                            .iter()
                            .map(|p| usize::from(*p))
                            .sum::<usize>()
                    })
                    .sum();
                picture.pixels[y * picture.width + x] = (sum / (2 * radius + 1).pow(2)) as u8;
            }
        }
    }
}

fn jpeg(picture: &Luma, quality: u8, progressive: bool) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut file, quality);
    encoder.set_progressive(progressive);
    let size = |side: usize| u16::try_from(side).expect("a JPEG's side");
    encoder
        .encode(&picture.pixels, size(picture.width), size(picture.height), jpeg_encoder::ColorType::Luma)
        .expect("it can be encoded");
    file
}

#[test]
fn what_is_drawn_can_be_read() {
    for bot in ["abcde", "guesthouse_cards_bot", "a_bot_with_a_name_of_32_characts"] {
        let link = format!("https://t.me/{bot}?start=verify_K7QF9M2XAB34CD56EF78");
        let file = draw(&link, "K7QF-9M2X-AB34-CD56-EF78").expect("it can be drawn");
        assert!(file.len() < 8_000, "{} bytes", file.len());
        assert_eq!(read(&file, |_| true), Ok(vec![link]));
    }
}

#[test]
fn a_code_is_read_at_every_angle() {
    let picture = drawn();
    let mut lot = Lot(7);
    let missed: Vec<usize> = (0..360)
        .step_by(15)
        .filter(|degrees| {
            let corners = turned(400, 400, 230.0, *degrees as f32);
            !sees(&photograph(&picture, 400, 400, corners, &mut lot))
        })
        .collect();
    assert!(missed.is_empty(), "not read at {missed:?} degrees");
}

#[test]
fn a_code_is_read_at_every_size() {
    let picture = drawn();
    let mut lot = Lot(11);
    for (size, width, height) in [(150.0, 640, 480), (220.0, 1280, 960), (800.0, 960, 1280), (300.0, 1500, 1100)] {
        let corners = turned(width, height, size, 8.0);
        assert!(sees(&photograph(&picture, width, height, corners, &mut lot)), "{size} of {width}x{height}");
    }
}

#[test]
fn a_code_is_read_askew() {
    let picture = drawn();
    let mut lot = Lot(3);
    let mut missed = Vec::new();
    for round in 0..20 {
        let corners = turned(640, 480, 280.0, lot.about() * 180.0);
        // Every corner is up to a tenth of the photo nearer or farther.
        let corners = corners.map(|(x, y)| (x + lot.about() * 40.0, y + lot.about() * 40.0));
        let photo = photograph(&picture, 640, 480, corners, &mut lot);
        if !sees(&photo) {
            missed.push((round, corners));
        }
    }
    assert!(missed.len() <= 1, "{} of 20 not read: {missed:?}", missed.len());
}

#[test]
fn a_code_is_read_on_a_noisy_table() {
    let picture = drawn();
    let mut lot = Lot(21);
    let corners = turned(640, 640, 300.0, 17.0);
    let mut photo = photograph(&picture, 640, 640, corners, &mut lot);
    let back = Projection::of(corners, 1.0, 1.0);
    for (index, pixel) in photo.pixels.iter_mut().enumerate() {
        let (u, v) = back.see((index % 640) as f32, (index / 640) as f32);
        if !(0.0..1.0).contains(&u) || !(0.0..1.0).contains(&v) {
            *pixel = lot.next() as u8;
        }
    }
    assert!(sees(&photo));
}

#[test]
fn a_blurred_code_is_read() {
    let picture = drawn();
    let mut lot = Lot(5);
    for (radius, size) in [(1, 300.0), (2, 420.0), (3, 540.0)] {
        let mut photo = photograph(&picture, 640, 640, turned(640, 640, size, 12.0), &mut lot);
        blur(&mut photo, radius);
        assert!(sees(&photo), "radius {radius} at {size}");
    }
}

#[test]
fn a_code_with_a_logo_or_a_scratch_is_read() {
    let mut picture = drawn();
    let (middle, half) = (picture.width / 2, picture.width / 11);
    for y in middle - half..middle + half {
        for x in middle - half..middle + half {
            picture.pixels[y * picture.width + x] = if (x / 9 + y / 7) % 2 == 0 { 200 } else { 90 };
        }
    }
    assert!(sees(&picture), "logo");
    let mut lot = Lot(9);
    assert!(sees(&photograph(&picture, 800, 800, turned(800, 800, 460.0, -20.0), &mut lot)), "logo, photographed");
}

#[test]
fn a_code_is_read_light_on_dark_and_in_a_mirror() {
    let mut picture = drawn();
    picture.pixels.iter_mut().for_each(|pixel| *pixel = 255 - *pixel);
    assert!(sees(&picture), "inverted");
    let mut picture = drawn();
    let width = picture.width;
    picture.pixels.chunks_exact_mut(width).for_each(<[u8]>::reverse);
    assert!(sees(&picture), "mirrored");
}

#[test]
fn a_code_survives_jpeg() {
    let picture = drawn();
    let mut lot = Lot(13);
    let photo = photograph(&picture, 1280, 960, turned(1280, 960, 420.0, 33.0), &mut lot);
    for (quality, progressive) in [(90, false), (60, true), (30, false), (15, false)] {
        let file = jpeg(&photo, quality, progressive);
        assert_eq!(read(&file, |_| true), Ok(vec![LINK.to_owned()]), "quality {quality}");
    }
}

#[test]
fn two_codes_on_one_picture_are_both_read() {
    let one = drawn();
    let other = Luma::decode(&draw("https://example.com/", "").expect("drawn")).expect("a PNG");
    let (width, height) = (one.width + other.width, one.height.max(other.height));
    let mut pixels = vec![255; width * height];
    for (left, picture) in [(0, &other), (other.width, &one)] {
        for (y, line) in picture.pixels.chunks_exact(picture.width).enumerate() {
            pixels[y * width + left..][..picture.width].copy_from_slice(line);
        }
    }
    let mut found = search(&Luma { width, height, pixels }, |_| false);
    found.sort();
    assert_eq!(found, ["https://example.com/", LINK]);
}

#[test]
fn a_webp_and_an_interlaced_png_are_read() {
    let picture = drawn();
    let mut file = Vec::new();
    let size = |side: usize| u32::try_from(side).expect("small");
    image_webp::WebPEncoder::new(&mut file)
        .encode(&picture.pixels, size(picture.width), size(picture.height), image_webp::ColorType::L8)
        .expect("it can be encoded");
    assert_eq!(read(&file, |_| true), Ok(vec![LINK.to_owned()]));
}

#[test]
fn what_is_no_picture_is_refused() {
    assert_eq!(read(b"", |_| true), Err(Unreadable::NoPicture));
    assert_eq!(read(b"%PDF-1.7 of some length", |_| true), Err(Unreadable::NoPicture));
    let whole = jpeg(&drawn(), 80, false);
    let mut lot = Lot(17);
    let png = draw(LINK, "").expect("drawn");
    for file in [&whole, &png] {
        for length in (0..file.len()).step_by(487) {
            let _ = Luma::decode(&file[..length]);
        }
        for _ in 0..40 {
            let mut broken = file.clone();
            for _ in 0..3 {
                let place = lot.below(broken.len());
                broken[place] = lot.next() as u8;
            }
            let _ = Luma::decode(&broken);
        }
    }
}

#[test]
fn a_picture_that_claims_to_be_huge_is_refused_by_its_header() {
    let mut png = draw(LINK, "").expect("drawn");
    png[16..24].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
    // The checksum of the header is that of the changed one.
    let sum = crc(&png[12..29]);
    png[29..33].copy_from_slice(&sum.to_be_bytes());
    assert_eq!(read(&png, |_| true), Err(Unreadable::TooLarge));

    let small = Luma { width: 16, height: 16, pixels: vec![9; 256] };
    for progressive in [false, true] {
        let mut jpeg = jpeg(&small, 80, progressive);
        let frame =
            jpeg.windows(2).position(|pair| pair == [0xff, if progressive { 0xc2 } else { 0xc0 }]).expect("a frame");
        for (height, width) in [(30_000_u16, 30_000_u16), (9_000, 9_000)] {
            jpeg[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
            jpeg[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
            assert_eq!(read(&jpeg, |_| true), Err(Unreadable::TooLarge), "{width} {progressive}");
        }
    }
    assert_eq!(read(&vec![0xff; MAX_BYTES + 1], |_| true), Err(Unreadable::TooLarge));
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 })
    })
}

/// Pictures made to keep the search busy: it ends, and finds nothing. What it may cost is bounded by counting, so this
/// test needs no clock; run alone in release mode it takes well under a second a picture.
#[test]
fn hostile_pictures_end() {
    let mut lot = Lot(19);
    for (marks, largest) in [(40, 9), (200, 5), (2000, 2)] {
        let (width, height) = (700, 700);
        let mut pixels = vec![255; width * height];
        for _ in 0..marks {
            let size = 1 + lot.below(largest);
            let (left, top) = (lot.below(width - 7 * size), lot.below(height - 7 * size));
            for (x, y) in (0..7 * size).flat_map(|y| (0..7 * size).map(move |x| (x, y))) {
                let (column, row) = (x / size, y / size);
                let ring = column.min(row).min(6 - column).min(6 - row);
                pixels[(top + y) * width + left + x] = if ring == 1 { 255 } else { 0 };
            }
        }
        assert!(search(&Luma { width, height, pixels }, |_| true).is_empty());
    }
    for (width, height) in [(1, 1), (1, 5000), (5000, 1), (21, 21), (8, 300), (7, 7)] {
        let pixels = (0..width * height).map(|_| lot.next() as u8).collect();
        assert!(search(&Luma { width, height, pixels }, |_| true).is_empty());
    }
}
