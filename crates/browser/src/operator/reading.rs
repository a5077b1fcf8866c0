//! A case while its frames are taken in order, and what the whole of it says (protocol sections 7.3 and 7.4).

use envelope::content::Content;
use envelope::duty::Channel;
use envelope::frame::Frame;
use envelope::header::{Chain, ClearHeader, ItemKind, Language};
use envelope::ids::CaseId;
use keyring::conversation::{self, Footing};
use keyring::item::{OpenedItem, open_for_centre};

use super::shown::{Problem, Shown, ShownEnds, ShownItem, Unreadable};
use super::{Desk, Ends, OpenCase, Tail};
use crate::refusal::Refused;

/// What became of each frame, in the order in which they were given.
enum Taken {
    /// The place among the opened items of its chain.
    Opened(Chain, usize),
    Unreadable(Box<ClearHeader>, Unreadable),
}

pub(super) struct Reading {
    channel: Channel,
    case: CaseId,
    ends: Ends,
    conversation: Vec<OpenedItem>,
    notes: Vec<OpenedItem>,
    taken: Vec<Taken>,
    shown: Shown,
}

impl Reading {
    pub(super) fn new(channel: Channel, case: CaseId) -> Self {
        Self {
            channel,
            case,
            ends: Ends::default(),
            conversation: Vec::new(),
            notes: Vec::new(),
            taken: Vec::new(),
            shown: Shown::default(),
        }
    }

    /// Opens one frame, which must belong to this centre, channel and case and follow the last one of its chain in number and hash.
    /// A gap in the numbers is told (section 7.3: something is withheld), and what comes after it still shown.
    pub(super) fn take(&mut self, desk: &Desk, bytes: &[u8]) -> Result<(), Refused> {
        let frame = Frame::parse(bytes)?;
        let clear = frame.clear();
        let tail = match clear.chain {
            Chain::Conversation => &mut self.ends.conversation,
            Chain::Notes => &mut self.ends.notes,
        };
        let before = *tail;
        let is_after = clear.seq > before.seq;
        let is_next = before.seq.checked_add(1) == Some(clear.seq);
        let belongs = clear.channel == self.channel
            && clear.case == self.case
            && match clear.kind {
                // A report may have come by way of the second centre that she named; what follows is with the centre that holds it.
                ItemKind::Report => clear.centres().contains(&desk.centre.centre()),
                _ => clear.centre == desk.centre.centre(),
            };
        if !belongs {
            self.shown.note(Problem::Foreign);
        } else if !is_after {
            self.shown.note(Problem::Order);
        } else {
            *tail = Tail { seq: clear.seq, hash: Some(frame.body_hash()) };
            if !is_next {
                self.shown.note(Problem::Gap);
            }
        }
        let item = Some(bytes)
            .filter(|_| belongs && is_after)
            .and_then(|bytes| {
                desk.keys_of(clear).find_map(|key| open_for_centre(bytes, key, &desk.centre).ok())
            })
            .filter(|item| !is_next || item.header().prev == before.hash);
        let Some(item) = item else {
            // Without the key of its epoch an item is unreadable to her and nothing is wrong with the case.
            let why = if belongs && is_after && desk.keys_of(clear).next().is_none() {
                Unreadable::NoKey
            } else {
                Unreadable::Altered
            };
            if why == Unreadable::Altered && belongs && is_after {
                self.shown.note(Problem::Altered);
            }
            self.taken.push(Taken::Unreadable(Box::new(clear.clone()), why));
            return Ok(());
        };
        let chain = match clear.chain {
            Chain::Conversation => &mut self.conversation,
            Chain::Notes => &mut self.notes,
        };
        self.taken.push(Taken::Opened(clear.chain, chain.len()));
        chain.push(item);
        Ok(())
    }

    /// The end of the list: what no single item shows. Who she is at each place, whom an answer was sealed to; somebody who saw more of
    /// the conversation than was given here shows that its tail was cut; where every item opened, keyring judges the chains as a whole.
    pub(super) fn finish(mut self, desk: &Desk, default_language: Language) -> (OpenCase, Shown) {
        let footings = self.footings();
        for footing in &footings {
            match footing {
                Footing::Sound => {}
                Footing::ByAnother => self.shown.note(Problem::Key),
                Footing::ToFormerCode => self.shown.note(Problem::Former),
                Footing::ToStranger => self.shown.note(Problem::Stranger),
            }
        }
        let is_rotation_unread = self.has_unread_rotation();
        if is_rotation_unread {
            self.shown.note(Problem::RotationUnread);
        }
        let seen =
            conversation::highest_seen(&self.conversation).max(conversation::highest_seen(&self.notes));
        if seen > self.ends.conversation.seq {
            self.shown.note(Problem::Tail);
        }
        let all_opened = self.taken.len() == self.conversation.len() + self.notes.len();
        if all_opened && !self.shown.incomplete && !self.is_whole() {
            self.shown.note(Problem::Whole);
        }
        self.shown.items = self.items(desk, &footings);
        self.shown.ends = ShownEnds { conversation: self.ends.conversation.seq, notes: self.ends.notes.seq };
        let report = self.conversation.first().filter(|first| first.clear().kind == ItemKind::Report);
        let language = report.and_then(|report| match report.content() {
            Content::Report(report) => Some(report.language.clone()),
            _ => None,
        });
        self.shown.taken_over = report.is_some_and(|report| report.clear().centre != desk.centre.centre());
        let address = conversation::current_receipt_address(&self.conversation, &self.notes);
        let open = OpenCase {
            channel: self.channel,
            case: self.case,
            address: address.filter(|_| !is_rotation_unread),
            language: language.unwrap_or(default_language),
            conversation: self.conversation,
            notes: self.notes,
            ends: self.ends,
            undoing: Vec::new(),
        };
        (open, self.shown)
    }

    /// How each opened item of the conversation stands between her and the centre. After a change of code that does not open here,
    /// nobody here can tell.
    fn footings(&self) -> Vec<Footing> {
        let mut footings = conversation::footings(&self.conversation, &self.notes);
        if let Some(unread) = self.unread_rotations().map(|clear| clear.seq).min() {
            for (footing, item) in footings.iter_mut().zip(&self.conversation) {
                if item.clear().seq > unread {
                    *footing = Footing::Sound;
                }
            }
        }
        footings
    }

    fn has_unread_rotation(&self) -> bool {
        self.unread_rotations().next().is_some()
    }

    fn unread_rotations(&self) -> impl Iterator<Item = &ClearHeader> {
        self.taken.iter().filter_map(|taken| match taken {
            Taken::Unreadable(clear, Unreadable::NoKey) if clear.kind == ItemKind::Rotation => {
                Some(clear.as_ref())
            }
            _ => None,
        })
    }

    fn items(&self, desk: &Desk, footings: &[Footing]) -> Vec<ShownItem> {
        let has_report =
            self.conversation.first().is_some_and(|first| first.clear().kind == ItemKind::Report);
        let chosen = conversation::chosen_word(&self.conversation);
        let chosen = has_report.then_some(chosen.as_deref());
        let show = |taken: &Taken| match taken {
            Taken::Unreadable(clear, why) => Some(ShownItem::without_text(clear, *why)),
            Taken::Opened(Chain::Conversation, place) => {
                let item = self.conversation.get(*place)?;
                // What is not between her and the centre is not shown as if it were.
                let is_hidden =
                    matches!(footings.get(*place), Some(Footing::ByAnother | Footing::ToStranger));
                Some(if is_hidden {
                    ShownItem::without_text(item.clear(), Unreadable::Altered)
                } else {
                    ShownItem::of(item, desk, chosen)
                })
            }
            Taken::Opened(Chain::Notes, place) => Some(ShownItem::of(self.notes.get(*place)?, desk, chosen)),
        };
        self.taken.iter().filter_map(show).collect()
    }

    fn is_whole(&self) -> bool {
        conversation::check_conversation(&self.conversation, &self.notes).is_ok()
            && self
                .conversation
                .first()
                .is_some_and(|report| conversation::check_notes(&self.notes, report).is_ok())
    }
}
