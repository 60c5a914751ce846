//! How large a picture is and of which kind, read from its first bytes. Nothing is decoded.

/// What the header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Picture {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) mime: &'static str,
    pub(super) extension: &'static str,
}

/// Reads a PNG, JPEG, GIF, WebP or BMP header.
pub(super) fn read(bytes: &[u8]) -> Option<Picture> {
    let (size, mime, extension) = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        (png(bytes), "image/png", "png")
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        (jpeg(bytes), "image/jpeg", "jpg")
    } else if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") {
        (gif(bytes), "image/gif", "gif")
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        (webp(bytes), "image/webp", "webp")
    } else if bytes.starts_with(b"BM") {
        (bmp(bytes), "image/bmp", "bmp")
    } else {
        return None;
    };
    let (width, height) = size?;
    (width > 0 && height > 0 && width < 1 << 16 && height < 1 << 16).then_some(Picture {
        width,
        height,
        mime,
        extension,
    })
}

fn png(bytes: &[u8]) -> Option<(u32, u32)> {
    if bytes.get(12..16)? != b"IHDR" {
        return None;
    }
    // Telegram refuses a picture that was cut off; a PNG says where it ends.
    let tail = &bytes[bytes.len().saturating_sub(64)..];
    tail.windows(4).any(|window| window == b"IEND").then_some(())?;
    Some((big(bytes.get(16..20)?), big(bytes.get(20..24)?)))
}

fn jpeg(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2;
    loop {
        // Any number of fill bytes may stand before a marker.
        while *bytes.get(at)? == 0xff {
            at += 1;
        }
        let marker = *bytes.get(at)?;
        at += 1;
        // The frame headers SOF0–SOF15, without the tables DHT, JPG and DAC among them.
        if (0xc0..=0xcf).contains(&marker) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
            return Some((big(bytes.get(at + 5..at + 7)?), big(bytes.get(at + 3..at + 5)?)));
        }
        let length = big(bytes.get(at..at + 2)?) as usize;
        if length < 2 || matches!(marker, 0xd9 | 0xda) {
            return None;
        }
        at += length;
        if *bytes.get(at)? != 0xff {
            return None;
        }
    }
}

fn gif(bytes: &[u8]) -> Option<(u32, u32)> {
    Some((little(bytes.get(6..8)?), little(bytes.get(8..10)?)))
}

fn webp(bytes: &[u8]) -> Option<(u32, u32)> {
    match bytes.get(12..16)? {
        b"VP8X" => Some((little(bytes.get(24..27)?) + 1, little(bytes.get(27..30)?) + 1)),
        b"VP8 " => Some((little(bytes.get(26..28)?) & 0x3fff, little(bytes.get(28..30)?) & 0x3fff)),
        b"VP8L" => {
            let bits = little(bytes.get(21..25)?);
            Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
        }
        _ => None,
    }
}

fn bmp(bytes: &[u8]) -> Option<(u32, u32)> {
    let height = little(bytes.get(22..26)?) as i32;
    Some((little(bytes.get(18..22)?), height.unsigned_abs()))
}

fn big(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

fn little(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_tell_the_size() {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x02\0\0\0".to_vec();
        assert_eq!(read(&png), None, "cut off");
        png.extend_from_slice(b"\0\0\0\0IEND\xaeB`\x82");
        assert_eq!(read(&png), Some(Picture { width: 640, height: 480, mime: "image/png", extension: "png" }));

        let jpeg = b"\xff\xd8\xff\xe0\0\x04xx\xff\xff\xc2\0\x0b\x08\x01\xe0\x02\x80\x03";
        assert_eq!(read(jpeg).map(|p| (p.width, p.height)), Some((640, 480)));
        assert_eq!(read(b"GIF89a\x80\x02\xe0\x01").map(|p| (p.width, p.height)), Some((640, 480)));
        let webp = b"RIFF....WEBPVP8X\x0a\0\0\0\0\0\0\0\x7f\x02\0\xdf\x01\0";
        assert_eq!(read(webp).map(|p| (p.width, p.height)), Some((640, 480)));
    }

    #[test]
    fn anything_else_is_no_picture() {
        for wrong in
            [&b""[..], b"hello", b"\xff\xd8\xff", b"\xff\xd8\xff\xe0\0\0", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM"]
        {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }
}
