//! From three marks to the squares between them, and from these to what they say.
//!
//! The library `rqrr` reads the squares and repairs errors. Its own search is not used: on a picture full of false marks
//! it takes half a minute and more, while everything here has a fixed bound.

use super::bits::Bits;
use super::finder::{Mark, find_marks};
use super::lens::{Lens, Point};

/// How many combinations of three marks are looked at closely.
const TRIPLES: usize = 24;

/// How many grids of one picture are given to the decoder.
const DECODINGS: usize = 60;

/// How well the known parts of a code (marks, timing lines) must agree before it is decoded at all.
const PLAUSIBLE: f32 = 0.72;

/// Three marks: the one in the corner, the one to the right of it, the one below.
#[derive(Debug, Clone, Copy)]
struct Corner {
    corner: Mark,
    right: Mark,
    below: Mark,
}

/// What all the codes of a picture say.
pub(crate) fn read_all(bits: &Bits) -> Vec<String> {
    let marks = find_marks(bits);
    let mut found = Vec::new();
    let mut used: Vec<usize> = Vec::new();
    let mut left = DECODINGS;
    for (indices, corner) in corners(&marks) {
        if left == 0 {
            break;
        }
        if indices.iter().any(|index| used.contains(index)) {
            continue;
        }
        if let Some(content) = read(bits, &corner, &mut left) {
            used.extend(indices);
            found.push(content);
        }
    }
    found
}

/// All combinations of three marks that could be a code, the most regular first.
fn corners(marks: &[Mark]) -> Vec<([usize; 3], Corner)> {
    let mut ranked = Vec::new();
    for a in 0..marks.len() {
        for b in 0..marks.len() {
            for c in b + 1..marks.len() {
                if a != b
                    && a != c
                    && let Some((fault, corner)) = Corner::of(marks[a], marks[b], marks[c])
                {
                    ranked.push((fault, [a, b, c], corner));
                }
            }
        }
    }
    ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
    ranked.into_iter().take(TRIPLES).map(|(_, indices, corner)| (indices, corner)).collect()
}

impl Corner {
    /// Judges three marks of which the first would stand in the corner. Zero is a perfect square seen from the front.
    fn of(corner: Mark, one: Mark, other: Mark) -> Option<(f32, Self)> {
        let sizes = [corner.size, one.size, other.size];
        let (small, large) =
            (sizes.iter().copied().fold(f32::MAX, f32::min), sizes.iter().copied().fold(0.0, f32::max));
        let (a, b) = (Point::of(&one) - Point::of(&corner), Point::of(&other) - Point::of(&corner));
        let (long, short) = (a.length().max(b.length()), a.length().min(b.length()));
        // Between the middles of two marks lie 14 squares in the smallest code; a code seen askew has fewer.
        if large > 2.2 * small || long > 2.2 * short || short < 9.0 * small || long > 180.0 * large {
            return None;
        }
        let cosine = (a.x * b.x + a.y * b.y) / (long * short);
        if cosine.abs() > 0.7 {
            return None;
        }
        let fault = cosine.abs() + (long / short - 1.0) + (large / small - 1.0);
        // With y downwards, the right hand is where turning towards "below" is positive. A mirrored code comes out
        // transposed, which the decoder tries as well.
        let (right, below) = if a.x * b.y - a.y * b.x > 0.0 { (one, other) } else { (other, one) };
        Some((fault, Self { corner, right, below }))
    }
}

/// Reads the code of which these are the marks.
fn read(bits: &Bits, corner: &Corner, left: &mut usize) -> Option<String> {
    let mut lenses: Vec<(f32, Lens)> = Vec::new();
    let depths = depths(bits, corner);
    for side in sides(bits, corner) {
        let guesses = [[1.0; 3], depths].map(|depths| Lens::guess(corner.points(), depths, side));
        let judged = guesses.into_iter().flatten().map(|lens| (lens.agreement(bits), lens));
        let Some((agreement, guess)) = judged.max_by(|a, b| a.0.total_cmp(&b.0)) else { continue };
        // The marks and the timing lines hardly depend on the fourth corner: without them it is no code of this size.
        if agreement < PLAUSIBLE - 0.1 {
            continue;
        }
        lenses.push((agreement, guess));
        for fourth in fourth_points(bits, &guess, side) {
            if let Some(lens) = Lens::through(corner.points(), fourth, side) {
                lenses.push((lens.agreement(bits), lens));
            }
        }
    }
    lenses.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (_, lens) in lenses.into_iter().take(4) {
        for lens in [lens, lens.refined(bits)] {
            if lens.agreement(bits) < PLAUSIBLE || *left == 0 {
                continue;
            }
            *left -= 1;
            if let Ok((_, content)) = rqrr::Grid::new(Squares { bits, lens }).decode() {
                return Some(content);
            }
        }
    }
    None
}

impl Corner {
    fn points(&self) -> [Point; 3] {
        [Point::of(&self.corner), Point::of(&self.right), Point::of(&self.below)]
    }
}

/// How many squares the code may have on a side, the likeliest first: from the timing lines, which alternate from square
/// to square, and from the size of the marks.
fn sides(bits: &Bits, corner: &Corner) -> Vec<usize> {
    let [middle, right, below] = corner.points();
    let (across, down) = ((right - middle).unit(), (below - middle).unit());
    // What one square measures depends on the direction in which a turned or tilted mark is crossed.
    let square = |mark: &Mark, way: Point| square_along(bits, mark, way).unwrap_or(mark.size);
    let start = middle + across * (3.0 * square(&corner.corner, across)) + down * (3.0 * square(&corner.corner, down));
    let count = |to: &Mark, along: Point, aside: Point| {
        let end = Point::of(to) + aside * (3.0 * square(to, aside)) - along * (3.0 * square(to, along));
        changes_along(bits, start, end) + 13
    };
    let fit = |to: &Mark, along: Point| {
        let squares = (square(&corner.corner, along) + square(to, along)) / 2.0;
        (Point::of(to) - middle).length() / squares
    };
    let guesses = [
        count(&corner.right, across, down),
        count(&corner.below, down, across),
        ((fit(&corner.right, across) + fit(&corner.below, down)) / 2.0).round() as usize + 7,
    ];
    let mut sides = Vec::new();
    for shift in [0, 4, -4_isize] {
        for guess in guesses {
            // The nearest that exists: 21, 25, 29 …
            let side = (((guess.max(21) - 17 + 2) / 4 * 4 + 17) as isize + shift) as usize;
            if (21..=177).contains(&side) && !sides.contains(&side) {
                sides.push(side);
            }
        }
    }
    sides.truncate(6);
    sides
}

/// How near the three marks are, compared with one another: what is nearer is larger. Along a line whose ends are seen in
/// the proportion of 1 to r² their weights in the projection are as r to 1.
fn depths(bits: &Bits, corner: &Corner) -> [f32; 3] {
    let [middle, right, below] = corner.points();
    let weight = |mark: &Mark, way: Point| {
        let square = |mark| square_along(bits, mark, way);
        let proportion = square(&corner.corner).zip(square(mark)).map_or(1.0, |(here, there)| here / there);
        proportion.clamp(0.4, 2.5).sqrt()
    };
    [1.0, weight(&corner.right, (right - middle).unit()), weight(&corner.below, (below - middle).unit())]
}

/// How many pixels one square of a mark measures in this direction: across its middle there are seven.
fn square_along(bits: &Bits, mark: &Mark, way: Point) -> Option<f32> {
    let reach = |way: Point| {
        let mut changes = 0;
        let mut dark = true;
        let most = (mark.size * 16.0) as usize;
        (1..most).map(|step| step as f32 / 2.0).find(|step| {
            let at = Point::of(mark) + way * *step;
            if bits.is_dark_at(at.x, at.y) != dark {
                dark = !dark;
                changes += 1;
            }
            changes == 3
        })
    };
    let (there, back) = (reach(way)?, reach(way * -1.0)?);
    // Where the mark touches something dark, one way is too long.
    Some(if there.max(back) > 1.5 * there.min(back) { there.min(back) / 3.5 } else { (there + back) / 7.0 })
}

/// How often dark and light change on the way.
fn changes_along(bits: &Bits, from: Point, to: Point) -> usize {
    let way = to - from;
    let steps = (way.length() * 1.5).clamp(1.0, 4000.0) as usize;
    let colour = |step: usize| {
        let at = from + way * (step as f32 / steps as f32);
        bits.is_dark_at(at.x, at.y)
    };
    (1..=steps).filter(|step| colour(*step) != colour(step - 1)).count()
}

/// Where the small mark near the fourth corner may be, around where the guess has it.
fn fourth_points(bits: &Bits, guess: &Lens, side: usize) -> Vec<Point> {
    if side < 25 {
        return Vec::new();
    }
    let middle = side as f32 - 6.5;
    let mut best: Vec<(u32, f32, Point)> = Vec::new();
    // Where perspective has moved it, its squares have another size, too.
    for scale in [1.0, 0.8, 1.25] {
        let reach = (side as f32 / 5.0).clamp(5.0, 12.0);
        let steps = (reach * 3.0) as i32;
        for (down, across) in (-steps..=steps).flat_map(|down| (-steps..=steps).map(move |across| (down, across))) {
            let (u, v) = (middle + across as f32 / 3.0, middle + down as f32 / 3.0);
            let agree = |dx: i32, dy: i32| {
                let at = guess.see(u + dx as f32 * scale, v + dy as f32 * scale);
                bits.is_dark_at(at.x, at.y) == (dx.abs().max(dy.abs()) != 1)
            };
            // The middle and its nearest neighbours decide whether the rest is worth a look.
            if !agree(0, 0) || !agree(1, 0) || !agree(-1, 0) {
                continue;
            }
            let score = (-2..=2).flat_map(|dy| (-2..=2).map(move |dx| (dx, dy))).filter(|(dx, dy)| agree(*dx, *dy));
            let score = u32::try_from(score.count()).unwrap_or(0);
            if score >= 21 {
                best.push((score, ((across * across + down * down) as f32).sqrt(), guess.see(u, v)));
            }
        }
    }
    best.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.total_cmp(&b.1)));
    // Neighbouring points are one mark: it stands in the middle of those that agree best.
    let apart = (guess.see(1.0, 0.0) - guess.see(0.0, 0.0)).length() * 1.5;
    let mut points: Vec<(Point, Point, f32)> = Vec::new();
    for (_, _, at) in best.iter().take(400) {
        let room = points.len() < 4;
        match points.iter_mut().find(|(first, _, _)| (*first - *at).length() < apart) {
            Some((_, sum, count)) if *count < 9.0 => (*sum, *count) = (*sum + *at, *count + 1.0),
            Some(_) => {}
            None if room => points.push((*at, *at, 1.0)),
            None => break,
        }
    }
    points.into_iter().map(|(_, sum, count)| sum * (1.0 / count)).collect()
}

/// The squares as the decoder asks for them.
struct Squares<'a> {
    bits: &'a Bits,
    lens: Lens,
}

impl rqrr::BitGrid for Squares<'_> {
    fn size(&self) -> usize {
        self.lens.side
    }

    fn bit(&self, y: usize, x: usize) -> bool {
        self.lens.is_dark(self.bits, x, y)
    }
}
