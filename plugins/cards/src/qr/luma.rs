//! From the bytes of a picture to grey pixels, within limits: the guest has 64 MiB, and a picture of a few kilobytes can
//! claim to be 30 000 pixels wide. Every limit is checked on the header, before anything is allocated for the pixels.

use std::io::Cursor;

use image_webp::WebPDecoder;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

/// How large a file may be: it lies in memory beside its pixels, and unpacking it takes some 80 ms a megabyte.
pub(crate) const MAX_BYTES: usize = 5 << 20;

/// Pixels of an ordinary JPEG, which is decoded line by line into one byte a pixel: the 12 megapixels of a telephone.
const MAX_JPEG: usize = 13_000_000;

/// Pixels of a PNG, also line by line, but with all its colours.
const MAX_PNG: usize = 8_000_000;

/// Pixels of a picture that is held whole with all its colours, some 7 bytes a pixel: progressive JPEG, interlaced PNG,
/// WebP.
const MAX_WHOLE: usize = 3_500_000;

/// The longest side: more is a panorama at best.
const MAX_SIDE: usize = 10_000;

/// Grey pixels, line by line.
#[derive(Debug, Clone)]
pub(crate) struct Luma {
    /// Pixels across.
    pub(crate) width: usize,
    /// Pixels down.
    pub(crate) height: usize,
    /// 0 is black.
    pub(crate) pixels: Vec<u8>,
}

/// Why a picture was not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// More bytes or pixels than the guest has memory or time for.
    TooLarge,
    /// No JPEG, PNG or WebP, or a damaged one.
    NoPicture,
}

impl Luma {
    /// Decodes a JPEG, PNG or WebP.
    pub(crate) fn decode(file: &[u8]) -> Result<Self, Unreadable> {
        if file.len() > MAX_BYTES {
            return Err(Unreadable::TooLarge);
        }
        match file {
            [0xff, 0xd8, 0xff, ..] => Self::from_jpeg(file),
            [0x89, b'P', b'N', b'G', ..] => Self::from_png(file),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Self::from_webp(file),
            _ => Err(Unreadable::NoPicture),
        }
    }

    fn from_jpeg(file: &[u8]) -> Result<Self, Unreadable> {
        // The decoder skips the colours when grey is asked for.
        let options = DecoderOptions::new_safe()
            .set_max_width(usize::from(u16::MAX))
            .set_max_height(usize::from(u16::MAX))
            .jpeg_set_out_colorspace(ColorSpace::Luma);
        let mut decoder = JpegDecoder::new_with_options(ZCursor::new(file), options);
        decoder.decode_headers().map_err(|_| Unreadable::NoPicture)?;
        let info = decoder.info().ok_or(Unreadable::NoPicture)?;
        // A progressive picture is gathered whole, all its colours in two bytes each.
        let limit = if is_progressive(file) { MAX_WHOLE } else { MAX_JPEG };
        let (width, height) = check(info.width.into(), info.height.into(), limit)?;
        let pixels = decoder.decode().map_err(|_| Unreadable::NoPicture)?;
        Self::new(width, height, pixels)
    }

    fn from_png(file: &[u8]) -> Result<Self, Unreadable> {
        let mut decoder = png::Decoder::new_with_limits(Cursor::new(file), png::Limits { bytes: 4 << 20 });
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        decoder.set_ignore_text_chunk(true);
        decoder.set_ignore_iccp_chunk(true);
        let header = decoder.read_header_info().map_err(|_| Unreadable::NoPicture)?;
        let (width, height) = check(header.width as usize, header.height as usize, MAX_PNG)?;
        let mut reader = decoder.read_info().map_err(|_| Unreadable::NoPicture)?;
        let channels = reader.output_color_type().0.samples();
        let interlaced = reader.info().interlaced;
        if interlaced {
            check(width, height, MAX_WHOLE)?;
            let size = reader.output_buffer_size().ok_or(Unreadable::TooLarge)?;
            let mut colours = vec![0; size];
            reader.next_frame(&mut colours).map_err(|_| Unreadable::NoPicture)?;
            return Self::new(width, height, grey(&colours, channels));
        }
        let mut pixels = Vec::with_capacity(width * height);
        while let Some(row) = reader.next_row().map_err(|_| Unreadable::NoPicture)? {
            pixels.extend_from_slice(&grey(row.data(), channels));
        }
        Self::new(width, height, pixels)
    }

    fn from_webp(file: &[u8]) -> Result<Self, Unreadable> {
        let mut decoder = WebPDecoder::new(Cursor::new(file)).map_err(|_| Unreadable::NoPicture)?;
        decoder.set_memory_limit(32 << 20);
        let (width, height) = decoder.dimensions();
        let (width, height) = check(width as usize, height as usize, MAX_WHOLE)?;
        let channels = if decoder.has_alpha() { 4 } else { 3 };
        let mut colours = vec![0; width * height * channels];
        decoder.read_image(&mut colours).map_err(|_| Unreadable::NoPicture)?;
        Self::new(width, height, grey(&colours, channels))
    }

    fn new(width: usize, height: usize, pixels: Vec<u8>) -> Result<Self, Unreadable> {
        let complete = pixels.len() == width * height;
        complete.then_some(Self { width, height, pixels }).ok_or(Unreadable::NoPicture)
    }

    /// The picture with its sides divided by `factor`, each pixel the mean of those it stands for.
    pub(crate) fn shrink(&self, factor: usize) -> Self {
        let (width, height) = (self.width / factor, self.height / factor);
        let mut pixels = Vec::with_capacity(width * height);
        let mut sums = vec![0_u32; width];
        let area = u32::try_from(factor * factor).unwrap_or(u32::MAX);
        for y in 0..height {
            sums.fill(0);
            for line in self.pixels.chunks_exact(self.width).skip(y * factor).take(factor) {
                for (sum, block) in sums.iter_mut().zip(line.chunks_exact(factor)) {
                    *sum += block.iter().map(|pixel| u32::from(*pixel)).sum::<u32>();
                }
            }
            pixels.extend(sums.iter().map(|sum| (sum / area) as u8));
        }
        Self { width, height, pixels }
    }
}

fn check(width: usize, height: usize, limit: usize) -> Result<(usize, usize), Unreadable> {
    match (width, height) {
        (0, _) | (_, 0) => Err(Unreadable::NoPicture),
        _ if width > MAX_SIDE || height > MAX_SIDE || width * height > limit => Err(Unreadable::TooLarge),
        size => Ok(size),
    }
}

/// Grey of pixels with one to four channels; what is transparent is white, as chats show it on paper.
fn grey(bytes: &[u8], channels: usize) -> Vec<u8> {
    let weigh =
        |red: u8, green: u8, blue: u8| (u32::from(red) * 77 + u32::from(green) * 150 + u32::from(blue) * 29) >> 8;
    let over_white = |light: u32, alpha: u8| ((light * u32::from(alpha) + 255 * (255 - u32::from(alpha))) / 255) as u8;
    match channels {
        1 => bytes.to_vec(),
        2 => bytes.as_chunks().0.iter().map(|[light, alpha]| over_white((*light).into(), *alpha)).collect(),
        3 => bytes.as_chunks().0.iter().map(|[red, green, blue]| weigh(*red, *green, *blue) as u8).collect(),
        _ => bytes.as_chunks().0.iter().map(|[r, g, b, alpha]| over_white(weigh(*r, *g, *b), *alpha)).collect(),
    }
}

/// Whether a JPEG is a progressive one, by the marker that begins its frame.
fn is_progressive(file: &[u8]) -> bool {
    let mut rest = file.get(2..).unwrap_or_default();
    while let [0xff, marker, high, low, ..] = *rest {
        match marker {
            0xc2 | 0xc6 | 0xca | 0xce => return true,
            0xc0 | 0xc1 | 0xda => return false,
            // Fill bytes before a marker.
            0xff => rest = &rest[1..],
            _ => rest = rest.get(2 + usize::from(u16::from_be_bytes([high, low]))..).unwrap_or_default(),
        }
    }
    // What cannot be followed is treated as the more expensive kind.
    true
}
