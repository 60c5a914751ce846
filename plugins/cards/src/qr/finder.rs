//! Where the marks are that stand in three corners of every QR code. Whichever line crosses one through its middle meets
//! dark, light, dark, light, dark in the proportions 1:1:3:1:1.

use super::bits::Bits;

/// The middle of a mark.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    /// Pixels from the left.
    pub(crate) x: f32,
    /// Pixels from the top.
    pub(crate) y: f32,
    /// How many pixels one square of the code is wide.
    pub(crate) size: f32,
    /// On how many lines it was met.
    seen: u16,
}

/// Every second line is looked at: the narrowest mark that can be read is met more than once.
const STEP: usize = 2;

/// A picture made of nothing but marks is somebody's attempt to keep us busy.
const MAX_MARKS: usize = 200;

/// Of a narrower mark no squares could be told apart.
const NARROWEST: usize = 9;

/// How many marks are worth combining.
const KEPT: usize = 14;

/// Finds the marks, those that were met most often first.
pub(crate) fn find_marks(bits: &Bits) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    for y in (0..bits.height).step_by(STEP) {
        scan_line(bits, y, &mut marks);
    }
    marks.sort_by_key(|mark| std::cmp::Reverse(mark.seen));
    // What was met once only is noise, unless nothing better is there.
    let good = marks.iter().filter(|mark| mark.seen > 1).count();
    marks.truncate(if good < 3 { 6 } else { good.min(KEPT) });
    marks
}

fn scan_line(bits: &Bits, y: usize, marks: &mut Vec<Mark>) {
    let mut runs = [0_usize; 5];
    let mut length = 0;
    let mut colour = false;
    let line = bits.line(y);
    for (x, dark) in line.iter().copied().chain([false]).enumerate() {
        if dark == colour {
            length += 1;
            continue;
        }
        runs.rotate_left(1);
        runs[4] = length;
        (length, colour) = (1, dark);
        if !dark && fits(&runs) {
            let middle = x - runs[4] - runs[3] - runs[2].div_ceil(2);
            if let Some(mark) = confirm(bits, middle, y, runs.iter().sum()) {
                remember(marks, mark);
            }
        }
    }
}

/// Whether five neighbouring runs, the first of them dark, have the proportions of a mark.
fn fits(runs: &[usize; 5]) -> bool {
    let total: usize = runs.iter().sum();
    if total < NARROWEST || runs.contains(&0) {
        return false;
    }
    let square = total as f32 / 7.0;
    runs.iter().zip([1.0, 1.0, 3.0, 1.0, 1.0]).all(|(run, squares)| {
        let off = (*run as f32 - square * squares).abs();
        // Half a square either way; in the middle half a square for each of the three.
        off <= square * squares * 0.5 + 0.5
    })
}

/// Looks at the same place downwards and across again: a mark has the proportions in every direction.
fn confirm(bits: &Bits, x: usize, y: usize, total: usize) -> Option<Mark> {
    let (down, y) = cross(y, total, |place| bits.is_dark(x, place))?;
    let (across, x) = cross(x, total, |place| bits.is_dark(place, y as usize))?;
    // Seen askew, a mark may be narrower than it is high, but not by much more than half.
    let alike = down.max(across) <= 2.2 * down.min(across);
    alike.then_some(Mark { x, y, size: (down + across) / 14.0, seen: 1 })
}

/// The length and the middle of a mark along a line through `place`, within which it lies.
fn cross(place: usize, expected: usize, is_dark: impl Fn(usize) -> bool) -> Option<(f32, f32)> {
    let most = expected * 2;
    let mut runs = [0_usize; 5];
    let mut at = place;
    for run in [2, 1, 0] {
        let dark = run != 1;
        while is_dark(at) == dark {
            runs[run] += 1;
            if runs[run] > most || at == 0 {
                break;
            }
            at -= 1;
        }
    }
    let mut at = place + 1;
    for run in [2, 3, 4] {
        let dark = run != 3;
        let mut length = 0;
        // Outside the picture everything is light, so the last run ends there.
        while is_dark(at) == dark && length <= most {
            length += 1;
            at += 1;
        }
        runs[run] += length;
    }
    let total: usize = runs.iter().sum();
    let similar = total * 5 >= expected * 2 && total * 2 <= expected * 5;
    (similar && fits(&runs)).then(|| {
        let middle = at as f32 - runs[4] as f32 - runs[3] as f32 - runs[2] as f32 / 2.0;
        (total as f32, middle)
    })
}

/// Adds what was met to the mark it belongs to, or as a new one.
fn remember(marks: &mut Vec<Mark>, met: Mark) {
    let same = |mark: &&mut Mark| {
        let reach = mark.size.max(1.0) * 1.5;
        (mark.x - met.x).abs() <= reach
            && (mark.y - met.y).abs() <= reach
            && mark.size.max(met.size) <= 1.6 * mark.size.min(met.size)
    };
    if let Some(mark) = marks.iter_mut().find(same) {
        let weight = f32::from(mark.seen);
        let mean = |old: f32, new: f32| (old * weight + new) / (weight + 1.0);
        *mark = Mark {
            x: mean(mark.x, met.x),
            y: mean(mark.y, met.y),
            size: mean(mark.size, met.size),
            seen: mark.seen.saturating_add(1),
        };
        return;
    }
    if marks.len() == MAX_MARKS {
        // Noise is met once. What lies above this line cannot be met again.
        marks.retain(|mark| mark.seen > 1 || mark.y + 4.0 * mark.size > met.y);
    }
    if marks.len() < MAX_MARKS {
        marks.push(met);
    }
}
