//! Memory: what all linear memories and tables of one instance may have together. wasmtime's own limits are per memory,
//! so a component with many would get many times as much. Next: `guest`, which holds one of these for each instance.

use wasmtime::ResourceLimiter;

/// A pointer's worth: what wasmtime needs for one element of a table.
const ELEMENT: usize = size_of::<usize>();

/// Adds up what one instance has.
pub(super) struct Memory {
    used: usize,
    allowed: usize,
    refused: bool,
}

impl Memory {
    pub(super) fn new(allowed: usize) -> Self {
        Self { used: 0, allowed, refused: false }
    }

    /// Bytes that it has.
    pub(super) fn used(&self) -> usize {
        self.used
    }

    /// Whether the guest was refused memory; what it does then is likely to be a trap.
    pub(super) fn refused(&self) -> bool {
        self.refused
    }

    fn grow(&mut self, current: usize, desired: usize) -> bool {
        let total = self.used.saturating_add(desired.saturating_sub(current));
        let fits = total <= self.allowed;
        if fits {
            self.used = total;
        } else {
            self.refused = true;
        }
        fits
    }
}

impl ResourceLimiter for Memory {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.grow(current, desired))
    }

    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        // The pool's own maximum is the same number, so this too is the memory limit at work.
        self.refused = true;
        Ok(())
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.grow(current.saturating_mul(ELEMENT), desired.saturating_mul(ELEMENT)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_memories_share_one_limit() {
        let mut memory = Memory::new(10 << 16);
        assert!(memory.memory_growing(0, 6 << 16, None).unwrap());
        assert!(memory.memory_growing(0, 4 << 16, None).unwrap());
        assert!(!memory.refused());
        assert!(!memory.memory_growing(4 << 16, 5 << 16, None).unwrap());
        assert!(memory.refused());
    }

    #[test]
    fn tables_count_too() {
        let mut memory = Memory::new(1 << 16);
        assert!(memory.table_growing(0, (1 << 16) / ELEMENT, None).unwrap());
        assert!(!memory.memory_growing(0, 1 << 16, None).unwrap());
    }
}
