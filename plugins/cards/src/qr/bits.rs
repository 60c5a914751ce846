//! From grey to dark and light. A photograph has shadows, so what is dark is decided by the neighbourhood.

use super::luma::Luma;

/// With what a pixel is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Threshold {
    /// The mean of some 40 pixels around: follows shadows and glare.
    Near,
    /// The mean of an eighth of the picture around: keeps the large dark squares of a blurred or very large code.
    Far,
}

/// Dark and light pixels.
#[derive(Debug)]
pub(crate) struct Bits {
    /// Pixels across.
    pub(crate) width: usize,
    /// Pixels down.
    pub(crate) height: usize,
    /// True is dark, line by line.
    dark: Vec<bool>,
}

/// The side of the blocks of which means are made.
const BLOCK: usize = 8;

/// Less contrast than this within a block is paper or ink, not an edge.
const FLAT: u8 = 24;

impl Bits {
    /// Decides for every pixel. `inverted` swaps dark and light, for codes printed light on dark.
    pub(crate) fn of(picture: &Luma, threshold: Threshold, inverted: bool) -> Self {
        let blocks = Blocks::of(picture);
        let reach = match threshold {
            Threshold::Near => 2,
            Threshold::Far => (picture.width.max(picture.height) / 16 / BLOCK).max(4),
        };
        let limits = blocks.means(reach);
        let mut dark = Vec::with_capacity(picture.pixels.len());
        for (y, line) in picture.pixels.chunks_exact(picture.width).enumerate() {
            let row = &limits[(y / BLOCK).min(blocks.rows - 1) * blocks.columns..][..blocks.columns];
            for (part, limit) in line.chunks(BLOCK).zip(row) {
                dark.extend(part.iter().map(|pixel| (pixel <= limit) != inverted));
            }
        }
        Self { width: picture.width, height: picture.height, dark }
    }

    /// Whether this pixel is dark. Outside everything is light.
    pub(crate) fn is_dark(&self, x: usize, y: usize) -> bool {
        x < self.width && y < self.height && self.dark[y * self.width + x]
    }

    /// Whether the pixel nearest to this point is dark.
    pub(crate) fn is_dark_at(&self, x: f32, y: f32) -> bool {
        x >= 0.0 && y >= 0.0 && self.is_dark(x as usize, y as usize)
    }

    /// One line of pixels.
    pub(crate) fn line(&self, y: usize) -> &[bool] {
        &self.dark[y * self.width..][..self.width]
    }
}

/// One level of grey for every block of the picture.
struct Blocks {
    columns: usize,
    rows: usize,
    levels: Vec<u8>,
}

impl Blocks {
    fn of(picture: &Luma) -> Self {
        let (columns, rows) = (picture.width.div_ceil(BLOCK), picture.height.div_ceil(BLOCK));
        let mut levels: Vec<u8> = Vec::with_capacity(columns * rows);
        let mut sums = vec![(0_u32, 0_u32, u8::MAX, 0_u8); columns];
        for row in 0..rows {
            sums.fill((0, 0, u8::MAX, 0));
            for line in picture.pixels.chunks_exact(picture.width).skip(row * BLOCK).take(BLOCK) {
                for ((sum, count, least, most), part) in sums.iter_mut().zip(line.chunks(BLOCK)) {
                    for pixel in part {
                        *sum += u32::from(*pixel);
                        *least = (*least).min(*pixel);
                        *most = (*most).max(*pixel);
                    }
                    *count += u32::try_from(part.len()).unwrap_or(0);
                }
            }
            for (column, (sum, count, least, most)) in sums.iter().enumerate() {
                let mut level = (sum / (*count).max(1)) as u8;
                if most - least <= FLAT {
                    // A flat block is taken for paper, unless its neighbours say that paper is lighter than it: then it
                    // is the inside of a large dark square.
                    level = least / 2;
                    if column > 0 && row > 0 {
                        let above = &levels[(row - 1) * columns..];
                        let left = levels[row * columns + column - 1];
                        let neighbours =
                            (u32::from(above[column]) + 2 * u32::from(left) + u32::from(above[column - 1])) / 4;
                        if u32::from(*least) < neighbours {
                            level = neighbours as u8;
                        }
                    }
                }
                levels.push(level);
            }
        }
        Self { columns, rows, levels }
    }

    /// For every block the mean of those within `reach` of it.
    fn means(&self, reach: usize) -> Vec<u8> {
        // Sums over the rectangle from the origin make every mean four look-ups.
        let stride = self.columns + 1;
        let mut sums = vec![0_u32; stride * (self.rows + 1)];
        for row in 0..self.rows {
            let mut line = 0;
            for column in 0..self.columns {
                line += u32::from(self.levels[row * self.columns + column]);
                sums[(row + 1) * stride + column + 1] = sums[row * stride + column + 1] + line;
            }
        }
        let mut means = Vec::with_capacity(self.levels.len());
        for row in 0..self.rows {
            let (top, bottom) = (row.saturating_sub(reach), (row + reach + 1).min(self.rows));
            for column in 0..self.columns {
                let (left, right) = (column.saturating_sub(reach), (column + reach + 1).min(self.columns));
                let sum = sums[bottom * stride + right] + sums[top * stride + left]
                    - sums[top * stride + right]
                    - sums[bottom * stride + left];
                let count = u32::try_from((bottom - top) * (right - left)).unwrap_or(u32::MAX);
                means.push((sum / count) as u8);
            }
        }
        means
    }
}
