//! How the flat squares of a code lie on the picture: a perspective, found from four points and adjusted to what is known
//! of every code.

use std::ops::{Add, Mul, Sub};

use super::bits::Bits;
use super::finder::Mark;

/// A point of the picture, or a way between two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    /// To the right.
    pub(crate) x: f32,
    /// Downwards.
    pub(crate) y: f32,
}

impl Point {
    /// Where a mark is.
    pub(crate) fn of(mark: &Mark) -> Self {
        Self { x: mark.x, y: mark.y }
    }

    /// Of a way.
    pub(crate) fn length(self) -> f32 {
        self.x.hypot(self.y)
    }

    /// The same way, one pixel long.
    pub(crate) fn unit(self) -> Self {
        self * (1.0 / self.length().max(f32::EPSILON))
    }
}

impl Add for Point {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { x: self.x + other.x, y: self.y + other.y }
    }
}

impl Sub for Point {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self { x: self.x - other.x, y: self.y - other.y }
    }
}

impl Mul<f32> for Point {
    type Output = Self;

    fn mul(self, factor: f32) -> Self {
        Self { x: self.x * factor, y: self.y * factor }
    }
}

/// A code of `side` squares, seen in perspective.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lens {
    /// Squares on a side.
    pub(crate) side: usize,
    /// Where the middles of the three marks and the fourth point are on the picture.
    points: [Point; 4],
    /// The fourth point, in squares: the small mark or, where there is none, where a fourth large one would be.
    fourth: f32,
    /// x = (m0 u + m1 v + m2) / (m6 u + m7 v + 1), y = (m3 u + m4 v + m5) / (m6 u + m7 v + 1)
    matrix: [f32; 8],
}

impl Lens {
    /// Guessed from the three marks alone and their weights in the projection; equal weights mean no perspective, so that
    /// the fourth corner completes a parallelogram.
    pub(crate) fn guess(marks: [Point; 3], [a, b, c]: [f32; 3], side: usize) -> Option<Self> {
        let fourth = (marks[1] * b + marks[2] * c - marks[0] * a) * (1.0 / (b + c - a).max(0.1));
        Self::new([marks[0], marks[1], marks[2], fourth], side as f32 - 3.5, side)
    }

    /// Seen so that the small mark in the fourth corner lies at this point.
    pub(crate) fn through(marks: [Point; 3], small: Point, side: usize) -> Option<Self> {
        Self::new([marks[0], marks[1], marks[2], small], side as f32 - 6.5, side)
    }

    fn new(points: [Point; 4], fourth: f32, side: usize) -> Option<Self> {
        let far = side as f32 - 3.5;
        let flat = [(3.5, 3.5), (far, 3.5), (3.5, far), (fourth, fourth)];
        let mut rows = [[0_f64; 9]; 8];
        for (index, ((u, v), point)) in flat.into_iter().zip(points).enumerate() {
            let (u, v, x, y) = (f64::from(u), f64::from(v), f64::from(point.x), f64::from(point.y));
            rows[2 * index] = [u, v, 1.0, 0.0, 0.0, 0.0, -u * x, -v * x, x];
            rows[2 * index + 1] = [0.0, 0.0, 0.0, u, v, 1.0, -u * y, -v * y, y];
        }
        Some(Self { side, points, fourth, matrix: solve(rows)? })
    }

    /// Where a place of the code, in squares from its corner, lies on the picture.
    pub(crate) fn see(&self, u: f32, v: f32) -> Point {
        let m = &self.matrix;
        let depth = 1.0 / (m[6] * u + m[7] * v + 1.0);
        Point { x: (m[0] * u + m[1] * v + m[2]) * depth, y: (m[3] * u + m[4] * v + m[5]) * depth }
    }

    /// Whether this square is dark: what most of five places within it are.
    pub(crate) fn is_dark(&self, bits: &Bits, column: usize, row: usize) -> bool {
        let (u, v) = (column as f32 + 0.5, row as f32 + 0.5);
        let places = [(0.0, 0.0), (-0.22, -0.22), (0.22, -0.22), (-0.22, 0.22), (0.22, 0.22)];
        let dark = places.iter().filter(|(du, dv)| {
            let at = self.see(u + du, v + dv);
            bits.is_dark_at(at.x, at.y)
        });
        dark.count() > 2
    }

    /// How much of what is known of every code is there, from 0 to 1: the three marks with the light line around them,
    /// the two timing lines, the small marks.
    pub(crate) fn agreement(&self, bits: &Bits) -> f32 {
        let (mut right, mut all) = (0_u32, 0_u32);
        let mut expect = |column: usize, row: usize, dark: bool| {
            let at = self.see(column as f32 + 0.5, row as f32 + 0.5);
            right += u32::from(bits.is_dark_at(at.x, at.y) == dark);
            all += 1;
        };
        let far = self.side - 7;
        for (left, top) in [(0, 0), (far, 0), (0, far)] {
            for (column, row) in (0..7).flat_map(|row| (0..7).map(move |column| (column, row))) {
                let ring = column.min(row).min(6 - column).min(6 - row);
                expect(left + column, top + row, ring != 1);
            }
        }
        for place in 8..self.side - 8 {
            expect(place, 6, place % 2 == 0);
            expect(6, place, place % 2 == 0);
        }
        for place in 0..8 {
            expect(7, place, false);
            expect(place, 7, false);
        }
        let small = small_marks(self.side);
        for (row, column) in small.iter().flat_map(|row| small.iter().map(move |column| (*row, *column))) {
            let under_a_large_one = (row == 6 && (column == 6 || column == far)) || (row == far && column == 6);
            if !under_a_large_one {
                for (dx, dy) in (0..5).flat_map(|dy| (0..5).map(move |dx| (dx, dy))) {
                    let ring = dx.min(dy).min(4 - dx).min(4 - dy);
                    expect(column + dx - 2, row + dy - 2, ring != 1);
                }
            }
        }
        right as f32 / all as f32
    }

    /// The same lens after its four points were moved about to where the code agrees best.
    pub(crate) fn refined(self, bits: &Bits) -> Self {
        let square = (self.see(1.0, 1.0) - self.see(0.0, 0.0)).length();
        let mut best = (self.agreement(bits), self);
        for step in [0.6, 0.3, 0.15] {
            for (index, (x, y)) in (0..4)
                .rev()
                .flat_map(|index| [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)].map(|way| (index, way)))
            {
                // The large marks are known better than the small one.
                let reach = step * square * if index == 3 { 1.5 } else { 0.5 };
                for _ in 0..3 {
                    let mut points = best.1.points;
                    points[index] = points[index] + Point { x, y } * reach;
                    let Some(moved) = Self::new(points, self.fourth, self.side) else { break };
                    let agreement = moved.agreement(bits);
                    if agreement <= best.0 {
                        break;
                    }
                    best = (agreement, moved);
                }
            }
        }
        best.1
    }
}

/// The columns (and rows) in which small marks have their middles; they stand wherever two of these cross.
fn small_marks(side: usize) -> Vec<usize> {
    let version = (side - 17) / 4;
    if version < 2 {
        return Vec::new();
    }
    let count = version / 7 + 2;
    let step = if version == 32 { 26 } else { (version * 4 + count * 2 + 1) / (count * 2 - 2) * 2 };
    (0..count - 1).map(|index| side - 7 - index * step).chain([6]).collect()
}

/// Solves eight equations by elimination; the ninth column is the right side.
fn solve(mut rows: [[f64; 9]; 8]) -> Option<[f32; 8]> {
    for column in 0..8 {
        let pivot = (column..8).max_by(|a, b| rows[*a][column].abs().total_cmp(&rows[*b][column].abs()))?;
        rows.swap(column, pivot);
        let head = rows[column];
        if head[column].abs() < 1e-9 {
            return None;
        }
        for (index, row) in rows.iter_mut().enumerate() {
            if index != column {
                let factor = row[column] / head[column];
                row.iter_mut().zip(head).for_each(|(value, above)| *value -= factor * above);
            }
        }
    }
    let mut solution = [0.0; 8];
    for (index, row) in rows.iter().enumerate() {
        solution[index] = (row[8] / row[index]) as f32;
    }
    Some(solution)
}
