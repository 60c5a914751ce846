//! What is kept of a turn: its latest run is written down before its commit, and goes into the journal with it, or with
//! the failure. Nothing here can fail a turn, and where neither the journal nor a shadow wants it, nothing is done.
//!
//! 1. The plugin asks the view through a [`Recorder`], which remembers what it was answered in this run.
//! 2. After the run, outside of any transaction, the record becomes bytes: the commit that follows carries them along.
//! 3. Once the turn has ended, a shadow of the plugin gets the same bytes (`shadow`).

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;

use super::{Guest, Lanes};
use crate::clock::Millis;
use crate::config::Records;
use crate::journal::body;
use crate::journal::record::{Recorded, Recorder};
use crate::model::event::Event;
use crate::model::hex;
use crate::sandbox::{TurnReport, View};
use crate::store::{Lease, NewTurn, Waiting};

/// What is kept of one turn.
pub(super) struct Tape<'a> {
    lanes: &'a Lanes,
    guest: &'a Guest,
    lease: &'a Lease,
    waiting: &'a Waiting,
    /// `None` where nothing is kept.
    recorder: Option<Arc<Recorder>>,
    user: Option<i64>,
    conflicts: u32,
    kept: Option<NewTurn>,
    /// The record for the shadow, where the journal's would not do.
    whole: Option<Bytes>,
}

/// What a run was given, as far as its report does not say it.
pub(super) struct Run<'a> {
    pub(super) event: &'a Event,
    pub(super) raw: &'a str,
    pub(super) now: Millis,
    pub(super) seed: [u8; 32],
}

impl<'a> Tape<'a> {
    pub(super) fn of(lanes: &'a Lanes, guest: &'a Guest, lease: &'a Lease, waiting: &'a Waiting) -> Self {
        let (recorder, user, kept, whole) = (None, None, None, None);
        Self { lanes, guest, lease, waiting, recorder, user, conflicts: 0, kept, whole }
    }

    /// The view through which the plugin asks.
    pub(super) fn begin(&mut self, view: Arc<dyn View>, event: &Event) -> Arc<dyn View> {
        self.user = event.sender();
        if self.guest.records == Records::Off && self.guest.shadow.is_none() {
            return view;
        }
        let recorder = Arc::new(Recorder::new(view));
        self.recorder = Some(Arc::clone(&recorder));
        recorder
    }

    /// A run begins: what an earlier one was answered is not this one's.
    pub(super) fn run(&self) {
        if let Some(recorder) = &self.recorder {
            recorder.forget();
        }
    }

    /// Writes a run down.
    pub(super) fn note(&mut self, run: &Run<'_>, report: &TurnReport) {
        let Some(recorder) = &self.recorder else { return };
        let guest = self.guest;
        let (effects, failure) = match &report.result {
            Ok(effects) => (Some(effects), None),
            Err(error) => (None, Some(Cow::Borrowed(error))),
        };
        let reads = effects.map_or(&report.failed_reads, |effects| &effects.reads);
        let answers = recorder.answers();
        let record = Recorded {
            bot: Cow::Borrowed(&*guest.bot),
            me: Cow::Borrowed(&guest.plugin.settings().me),
            plugin: guest.plugin.name().as_str().into(),
            processor: self.lease.part().and_then(|part| part.processor()).map(Cow::Borrowed),
            digest: guest.plugin.digest().into(),
            settings: Cow::Borrowed(&*guest.settings),
            event: Cow::Borrowed(run.event),
            raw: Cow::Borrowed(run.raw),
            now: run.now,
            seed: hex(&run.seed),
            has_next: !self.waiting.origin.next.is_empty(),
            origin: run.event.chat(),
            dialogue: super::turn::dialogue_of(run.event),
            others: Cow::Borrowed(&*guest.others),
            reads: Cow::Borrowed(reads),
            answers: Cow::Borrowed(&answers),
            failure,
            effects,
            left_out: Vec::new(),
            shapes: false,
        };
        self.whole = match guest.shadow.is_some() && guest.records != Records::All {
            true => Some(body::encode(record.clone(), Records::All)),
            false => None,
        };
        let micros = |time: std::time::Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        let reason = match &report.result {
            // Why it passed is all the plugin's own words.
            Ok(effects) => effects.passed.clone().filter(|_| guest.records == Records::All),
            Err(error) => Some(error.to_string()),
        };
        self.kept = Some(NewTurn {
            user: self.user,
            at: run.now,
            attempt: self.waiting.attempt,
            conflicts: self.conflicts,
            cpu_us: micros(report.cpu),
            elapsed_us: micros(report.elapsed),
            memory_kib: i64::try_from(report.memory >> 10).unwrap_or(i64::MAX),
            reason: reason.map(|reason| self.said(&reason)),
            body: body::encode(record, guest.records),
        });
    }

    /// The turn runs again.
    pub(super) fn conflicts(&mut self) {
        self.conflicts += 1;
    }

    /// What the journal is to have.
    pub(super) fn kept(&self) -> Option<NewTurn> {
        self.kept.clone().filter(|_| self.guest.records != Records::Off)
    }

    /// What the journal is to have of a turn that failed for this reason, which may be none of the plugin's.
    pub(super) fn failed(&self, reason: &str) -> Option<NewTurn> {
        let kept = self.kept()?;
        Some(NewTurn { reason: Some(self.said(reason)), conflicts: self.conflicts, ..kept })
    }

    /// A reason as far as it may be kept: it may repeat what somebody wrote.
    fn said(&self, reason: &str) -> String {
        match self.guest.records {
            Records::Shapes => reason.split(':').next().unwrap_or_default().chars().take(40).collect(),
            _ => reason.to_owned(),
        }
    }

    /// Shows the turn, which has ended, to the shadow of the plugin.
    pub(super) fn show(self) {
        let (Some(shadow), Some(kept)) = (&self.guest.shadow, self.kept) else { return };
        let whole = self.whole.unwrap_or(kept.body);
        self.lanes.shadows.show(shadow, &self.guest.plugin, self.guest.records, (self.waiting.seq, whole));
    }
}
