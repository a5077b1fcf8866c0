//! Words of this slice's console pages.

use envelope::duty::Channel;
use platform::texts::Texts;

/// What a channel is called in the console.
pub(super) fn channel_text(t: Texts, channel: Channel) -> &'static str {
    match channel {
        Channel::Safe => t.people_channel_safe(),
        Channel::General => t.people_channel_general(),
    }
}
